import Foundation
import Support
import Testing

@testable import Evaluation

/// One set of cases, drawn as `data` in Tests/Reference/evaluation_statistics.py draws it.
struct ReferenceData {
  /// The labels, clusters and scores of three models.
  let models: [Cases]
  /// Some subgroup of each case's cluster.
  let groups: [String]

  init(_ index: Int) {
    var random = SplitMix64(seed: UInt64(1000 + index))
    let kind = index % 16
    let count = [1, 2].contains(kind) ? 2 + random.below(7) : 8 + random.below(50)
    let grid = [3, 4].contains(kind) ? 5 : 1000
    let clustersWanted = max(1, count / (1 + random.below(4)))
    var labels: [Bool] = []
    var clusters: [Int] = []
    var models: [[Double]] = [[], [], []]
    for place in 0..<count {
      var label = random.below(3) == 0
      var score = min(grid, random.below(grid + 1) * 3 / 4 + (label ? grid / 4 : 0))
      var second = (score + random.below(grid + 1)) / 2
      let third = random.below(grid + 1)
      var cluster = random.below(clustersWanted)
      switch kind {
      case 5, 6: score = min(grid, score / 2 + (label == (kind == 5) ? grid / 2 + 1 : 0))
      case 7: label = index % 32 == 7
      case 8: (score, second) = (grid / 2, grid / 2)
      case 9: cluster = 0
      default: break
      }
      if kind != 9, index % 2 == 0 { cluster = place }
      labels.append(label)
      clusters.append(cluster)
      for (model, value) in [score, second, third].enumerated() {
        models[model].append(Double(value) / Double(grid))
      }
    }
    self.models = models.map { Cases(labels: labels, scores: $0, clusters: clusters.map(String.init)) }
    groups = clusters.map { "\($0 % 3)" }
  }
}

/// What Tests/Reference/evaluation_statistics.py wrote; what is missing isn't estimable.
struct StatisticsReference: Decodable {
  struct PROC: Decodable {
    /// Nulls where a class has one case.
    let interval: [Double?]
    let statistic, p: Double?
    /// Of sets with eight or more cases of each class.
    let bootstrap: [Double]?
  }

  struct Set: Decodable {
    let sum: Double
    let logit, paired, overall: [Double]?
    let proc: PROC?
    let brier, reliability: [Double]
    let intercept, slope, temperature, platt: [Double]?
    let net, mcnemar: [Double]
    let average: Double?
    let thresholds: [Double?]?
    let predictive: [Double?]?
    let heterogeneity, interaction, plain, ridge: [Double]?
  }

  struct Holm: Decodable { let given, adjusted: [Double] }
  struct McNemar: Decodable {
    let first, second: Int
    let exact, mid: Double
  }
  struct DistributionValue: Decodable {
    let statistic: Double
    let degrees: Int
    let p: Double
  }
  struct Planned: Decodable {
    let auc, share, width: Double
    let sizes: [Int]
    let count: Int
    let widthOfAUC, widthOfProportion: Double
  }

  let sets: [Set]
  let holm: [Holm]
  let mcnemar: [McNemar]
  let chiSquare, student: [DistributionValue]
  let planned: [Planned]

  static let shared = Result {
    let url = try #require(Bundle.module.url(forResource: "Fixtures/statistics", withExtension: "json"))
    return try JSONDecoder().decode(StatisticsReference.self, from: Data(contentsOf: url))
  }

  /// Each set with its data.
  var all: [(index: Int, data: ReferenceData, expected: Set)] {
    sets.indices.map { ($0, ReferenceData($0), sets[$0]) }
  }
}

/// Whether both lists are missing, or hold the same numbers to 1e-9 of the larger of 1 and the number.
func agree(_ found: [Double]?, _ expected: [Double]?) -> Bool {
  guard let found, let expected else { return found == nil && expected == nil }
  return found.count == expected.count
    && zip(found, expected).allSatisfy { agree($0, $1, within: 1e-9 * max(1, abs($1))) }
}

extension Interval {
  var limits: [Double] { [lower, upper] }
}

extension Estimate {
  /// The value and the standard error that a Wald interval of 95% tells, Student's t being that of clustered `cases`.
  func valueAndError(_ cases: Cases) -> [Double]? {
    guard let value, let interval else { return nil }
    let scarcer = min(cases.clusterCount(positive: true), cases.clusterCount(positive: false))
    let quantile =
      cases.isClustered ? StudentT.quantile(0.975, degrees: Double(scarcer - 1)) : Normal.quantile(0.975)
    return [value, interval.width / 2 / quantile]
  }
}
