import Foundation
import Testing

@testable import Evaluation

/// What Tests/Reference/evaluation.py wrote.
struct Reference: Decodable {
  struct Case: Decodable {
    let name: String
    let labels: [Int]
    let scores: [Double]
    let clusters: [String]
    let threshold: Double
    let counts: [Int]
    let sensitivity, specificity, accuracy, ppv, npv, f1, balancedAccuracy, mcc, auc: Double?
    let fpr, tpr: [Double]
    let thresholds: [Double?]
    let deLong: [Double]?
    let clusteredVariance: Double?
    let clusteredWilson: [Double]?

    var cases: Cases { Cases(labels: labels.map { $0 == 1 }, scores: scores, clusters: clusters) }
  }

  struct Wilson: Decodable {
    let successes, trials: Int
    let level, lower, upper: Double
  }

  struct Newcombe: Decodable {
    let auc: Double
    let positives, negatives: Int
    let lower, upper: Double
  }

  struct Grouped: Decodable {
    let scores: [Double]
    let groups: [String]
    let mean, maximum, noisyOr: [Double]
  }

  let cases: [Case]
  let wilson: [Wilson]
  let newcombe: [Newcombe]
  let grouped: [Grouped]

  static let shared = Result {
    let url = try #require(Bundle.module.url(forResource: "Fixtures/evaluation", withExtension: "json"))
    return try JSONDecoder().decode(Reference.self, from: Data(contentsOf: url))
  }
}

/// Whether both are nil, or both numbers within `tolerance`.
func agree(_ found: Double?, _ expected: Double?, within tolerance: Double = 1e-12) -> Bool {
  switch (found, expected) {
  case (nil, nil): true
  case (let found?, let expected?): abs(found - expected) <= tolerance
  default: false
  }
}

func agree(_ found: Interval?, _ expected: [Double]?, within tolerance: Double = 1e-12) -> Bool {
  agree(found?.lower, expected?[0], within: tolerance) && agree(found?.upper, expected?[1], within: tolerance)
}
