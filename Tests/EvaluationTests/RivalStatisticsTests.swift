import Foundation
import Support
import Testing

@testable import Evaluation

/// Against scikit-learn, scipy and numpy (Tests/Reference/rivals.py), and by properties.
@Suite struct RivalStatisticsTests {
  private struct Reference: Decodable {
    let labels: [Bool]
    let covariate: [Double]
    let scores: [[Double]]
    let kappa, spearman, adjusted: Double?

    static func all() throws -> [Reference] {
      let url = try #require(Bundle.module.url(forResource: "Fixtures/rivals", withExtension: "json"))
      return try JSONDecoder().decode([Reference].self, from: Data(contentsOf: url))
    }
  }

  private func isNear(_ found: Double?, _ expected: Double?) -> Bool {
    guard let found, let expected else { return found == nil && expected == nil }
    return abs(found - expected) < 1e-9
  }

  @Test func agreementAndAdjustedAreaEqualTheReferences() throws {
    let references = try Reference.all()
    #expect(references.count == 40)
    for (index, set) in references.enumerated() {
      let calls = set.scores.map { $0.map { $0 >= 0.5 } }
      #expect(isNear(try? Agreement.kappa(calls[0], calls[1]), set.kappa), "set \(index)")
      #expect(isNear(try? Agreement.spearman(set.scores[0], set.scores[1]), set.spearman), "set \(index)")
      let cases = Cases(labels: set.labels, scores: set.scores[0])
      let found = try? AdjustedAUC.estimate(cases, covariate: set.covariate, samples: 50)
      #expect(isNear(found?.value, set.adjusted), "set \(index)")
      if let interval = found?.interval, let value = found?.value { #expect(interval.contains(value)) }
    }
  }

  @Test func aModelThatOnlyRepeatsTheCovariateHasAHalf() throws {
    var generator = SplitMix64(seed: 5)
    func uniform() -> Double { Double(generator.below(1_000_000)) / 1_000_000 }
    let labels = (0..<400).map { $0 < 140 }
    let covariate = labels.map { ($0 ? 1.0 : 0) + 2 * uniform() }
    // The noise has nothing to do with the class.
    let scores = covariate.map { 1 / (1 + exp(-($0 - 1 + 0.5 * uniform()))) }
    let cases = Cases(labels: labels, scores: scores)
    #expect(try #require(ROCCurve(cases)?.auc) > 0.75)
    let adjusted = try AdjustedAUC.estimate(cases, covariate: covariate, samples: 200)
    #expect(try #require(adjusted.interval).contains(0.5))
    // Neither unit nor origin of the covariate matters, and the same seed gives the same interval.
    let scaled = try AdjustedAUC.estimate(cases, covariate: covariate.map { 10 * $0 - 3 }, samples: 200)
    #expect(isNear(scaled.value, adjusted.value))
    #expect(try AdjustedAUC.estimate(cases, covariate: covariate, samples: 200) == adjusted)
  }

  @Test func whatCannotBeStatedSaysWhy() {
    let cases = Cases(labels: [true, false, false], scores: [0.9, 0.2, 0.4])
    #expect(throws: NotEstimable.self) { try AdjustedAUC.estimate(cases, covariate: [1, 2, 2]) }
    #expect(throws: NotEstimable.notFinite(1)) { try AdjustedAUC.estimate(cases, covariate: [1, 2, .nan]) }
    #expect(throws: NotEstimable.differentCases) { try AdjustedAUC.estimate(cases, covariate: [1, 2]) }
    #expect(throws: NotEstimable.self) { try Agreement.kappa([true, true], [true, true]) }
    #expect(throws: NotEstimable.noCases) { try Agreement.kappa([Bool](), []) }
    #expect(throws: NotEstimable.self) { try Agreement.spearman([1, 1, 1], [1, 2, 3]) }
    #expect((try? Agreement.kappa([true, false], [false, true])) == -1)
    #expect((try? Agreement.spearman([1, 2, 2, 9], [3, 5, 5, 7])) == 1)
  }
}
