import Foundation
import Support
import Testing

@testable import Evaluation

/// Against SimpleITK, pingouin, scikit-learn, statsmodels and krippendorff (`Tests/Reference/agreement.py`).
struct ReaderAgreementTests {
  struct Golden: Decodable {
    struct Masks: Decodable {
      let count: Int
      let masks: [String]
      let dice, jaccard, probability: Double?
      let sensitivity, specificity: [Double?]?

      var values: [[Bool]] {
        masks.map { mask in
          let digits = Array(mask)
          return (0..<count).map { place in
            let byte = UInt8(String(digits[place / 8 * 2...place / 8 * 2 + 1]), radix: 16) ?? 0
            return byte >> UInt8(place % 8) & 1 == 1
          }
        }
      }
    }
    struct Measurements: Decodable {
      let table: [[Double]]
      let agreement, consistency, psych, bias, lower, upper: [Double]?
    }
    struct Categories: Decodable {
      let table: [[Int]]
      let missing: [[Double?]]
      let plain, linear, quadratic, fleiss, nominal, ordinal, interval: Double?
    }
    let masks: [Masks]
    let measurements: [Measurements]
    let categories: [Categories]
  }

  let golden: Golden

  init() throws {
    let url = try #require(Bundle.module.url(forResource: "Fixtures/agreement", withExtension: "json"))
    golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: url))
    #expect(golden.masks.count >= 100 && golden.measurements.count >= 100 && golden.categories.count >= 100)
  }

  private func check(
    _ found: Double?, _ expected: Double?, _ text: String, within tolerance: Double = 1e-9,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let text = "\(text): \(found as Double?), expected \(expected as Double?)"
    #expect(agree(found, expected, within: tolerance), "\(text)", sourceLocation: sourceLocation)
  }

  @Test func overlapsEqualSimpleITKs() throws {
    for (index, item) in golden.masks.enumerated() {
      let masks = item.values
      let overlap = try MaskOverlap(masks[0], masks[1])
      check(overlap.dice, item.dice ?? 1, "case \(index)")
      check(overlap.jaccard, item.jaccard ?? 1, "case \(index)")
      #expect(overlap.isEmpty == (item.dice == nil))
    }
    #expect(throws: NotEstimable.differentCases) { try MaskOverlap([true], []) }
  }

  @Test func stapleEqualsSimpleITKs() throws {
    for (index, item) in golden.masks.enumerated() {
      guard let sensitivity = item.sensitivity, let specificity = item.specificity else {
        #expect(throws: NotEstimable.self, "case \(index)") { try ConsensusMask.staple(item.values) }
        continue
      }
      let found = try ConsensusMask.staple(item.values)
      for (reader, rates) in found.readers.enumerated() {
        check(rates.sensitivity, sensitivity[reader], "case \(index), sensitivity", within: 1e-5)
        check(rates.specificity, specificity[reader], "case \(index), specificity", within: 1e-5)
      }
      check(found.probabilities.reduce(0, +), item.probability, "case \(index), probability", within: 1e-3)
    }
  }

  @Test func theMajorityNeedsMoreThanHalf() throws {
    let found = try ConsensusMask.majority([[true, true, false, false], [true, false, false, true]])
    #expect(found.values == [true, false, false, false])
    #expect(try ConsensusMask.majorityMask([[true, false], [false, true]]) == [false, false])
    #expect(found.readers[0] == .init(sensitivity: 1, specificity: 2.0 / 3))
    #expect(throws: NotEstimable.self) { try ConsensusMask.majority([[true, false], [false, true]]) }
    #expect(throws: NotEstimable.differentCases) { try ConsensusMask.majority([[true], [true, false]]) }
    #expect(throws: NotEstimable.self) { try ConsensusMask.staple([[true, false]]) }
    #expect(throws: NotEstimable.noCases) { try ConsensusMask.staple([[], []]) }
  }

  @Test func correlationsAndIntervalsEqualPsychs() throws {
    var compared = 0
    for (index, item) in golden.measurements.enumerated() {
      guard let psych = item.psych else { continue }
      let found = try IntraclassCorrelation(item.table)
      for (form, start) in [(IntraclassCorrelation.Form.agreement, 0), (.consistency, 3)] {
        let interval = try found.interval(form)
        check(found.value(form), psych[start], "case \(index), \(form)", within: 1e-8)
        check(interval.lower, psych[start + 1], "case \(index), \(form), lower", within: 1e-6)
        check(interval.upper, psych[start + 2], "case \(index), \(form), upper", within: 1e-6)
      }
      compared += 1
    }
    #expect(compared >= 100)
  }

  /// Pingouin rounds the limits to two decimals.
  @Test func correlationsEqualPingouins() throws {
    for (index, item) in golden.measurements.enumerated() {
      for (form, expected) in [
        (IntraclassCorrelation.Form.agreement, item.agreement), (.consistency, item.consistency),
      ] {
        let found = try? IntraclassCorrelation(item.table)
        let interval = try? found?.interval(form)
        guard let expected else {
          #expect(interval == nil, "case \(index)")
          if let found { #expect(found.value(form) == 1, "case \(index)") }
          continue
        }
        check(found?.value(form), expected[0], "case \(index), \(form)")
        check(interval?.lower, expected[1], "case \(index), \(form), lower", within: 0.006)
        check(interval?.upper, expected[2], "case \(index), \(form), upper", within: 0.006)
      }
    }
  }

  @Test func incompleteAndConstantTablesHaveNoCorrelation() {
    for table: [[Double]] in [[], [[1, 2]], [[1], [2]], [[1, 2], [3]], [[1, 2], [.nan, 3]], [[1, 2], [1, 2]]] {
      #expect(throws: NotEstimable.self) { try IntraclassCorrelation(table) }
    }
  }

  @Test func limitsOfAgreementEqualTheFormulas() throws {
    for (index, item) in golden.measurements.enumerated() {
      let found = try? BlandAltman(item.table.map { $0[0] }, item.table.map { $0[1] })
      #expect((found == nil) == (item.bias == nil), "case \(index)")
      for (own, expected) in [(found?.bias, item.bias), (found?.lower, item.lower), (found?.upper, item.upper)] {
        check(own?.value, expected?[0], "case \(index)")
        check(own?.interval?.lower, expected?[1], "case \(index)")
        check(own?.interval?.upper, expected?[2], "case \(index)")
      }
    }
    #expect(throws: NotEstimable.self) { try BlandAltman([1, 2], [1, 3]) }
    #expect(throws: NotEstimable.self) { try BlandAltman([1, 2, 3], [2, 3, 4]) }
    #expect(throws: NotEstimable.notFinite(1)) { try BlandAltman([1, 2, .nan], [2, 3, 4]) }
  }

  @Test func kappasEqualScikitLearnsAndStatsmodels() {
    for (index, item) in golden.categories.enumerated() {
      let (first, second) = (item.table.map { $0[0] }, item.table.map { $0[1] })
      check(try? Agreement.kappa(first, second), item.plain, "case \(index), unweighted")
      check(try? Agreement.kappa(first, second, weights: .linear), item.linear, "case \(index), linear")
      check(try? Agreement.kappa(first, second, weights: .quadratic), item.quadratic, "case \(index), quadratic")
      check(try? Agreement.fleissKappa(item.table), item.fleiss, "case \(index), Fleiss")
    }
    #expect(golden.categories.count { $0.plain != nil } >= 100)
    #expect(throws: NotEstimable.self) { try Agreement.fleissKappa([[1, 2], [1]]) }
    #expect(throws: NotEstimable.noCases) { try Agreement.fleissKappa([]) }
  }

  @Test func alphasEqualKrippendorffs() {
    for (index, item) in golden.categories.enumerated() {
      check(try? Agreement.krippendorffAlpha(item.missing, .nominal), item.nominal, "case \(index), nominal")
      check(try? Agreement.krippendorffAlpha(item.missing, .ordinal), item.ordinal, "case \(index), ordinal")
      check(try? Agreement.krippendorffAlpha(item.missing, .interval), item.interval, "case \(index), interval")
    }
    #expect(throws: NotEstimable.noCases) { try Agreement.krippendorffAlpha([[1, nil], [nil, 2]], .nominal) }
  }

  /// 400 pairs of virtual readers of 30 lesions: true ICC(2,1) = 16 / (16 + 1 + 4) with a reader's shift of variance 1, ICC(3,1) = 0.8.
  @Test func intervalsHoldTheTruthOfVirtualReaders() throws {
    var generator = SplitMix64(seed: 11)
    func normal() -> Double { (-2 * log(1 - generator.unit())).squareRoot() * cos(2 * Double.pi * generator.unit()) }
    var (consistency, bias, lower) = (0, 0, 0)
    let cohorts = 400
    for _ in 0..<cohorts {
      let table = (0..<30).map { _ in
        let truth = 30 + 4 * normal()
        return [truth + 2 * normal(), truth + 1 + 2 * normal()]
      }
      if try IntraclassCorrelation(table).interval(.consistency).contains(0.8) { consistency += 1 }
      let limits = try BlandAltman(table.map { $0[0] }, table.map { $0[1] })
      if limits.bias.interval?.contains(1) == true { bias += 1 }
      if limits.lower.interval?.contains(1 - 1.96 * 8.0.squareRoot()) == true { lower += 1 }
    }
    // 95% of 400 is 380; three standard deviations are 13.
    for held in [consistency, bias] { #expect(held >= 367 && held <= 393) }
    // The limits' intervals are approximate.
    #expect(lower >= 362 && lower <= 396)
  }

  @Test func bootstrapOverPatientsHoldsTheTruthOfVirtualReaders() throws {
    var generator = SplitMix64(seed: 12)
    var held = 0
    let clusters = (0..<120).map { "\($0 / 2)" }
    // Each reader is right in 90% of cases of two equally common categories: kappa is (2 * 0.82 - 1) = 0.64.
    for _ in 0..<60 {
      let truths = clusters.map { _ in generator.below(2) }
      let readings = truths.map { truth in (0..<2).map { _ in generator.below(10) == 0 ? 1 - truth : truth } }
      let estimate = try Agreement.estimate(clusters: clusters, samples: 200) { places throws(NotEstimable) in
        try Agreement.kappa(places.map { readings[$0][0] }, places.map { readings[$0][1] }, weights: .linear)
      }
      if estimate.interval?.contains(0.64) == true { held += 1 }
    }
    #expect(held >= 50)
    #expect(throws: NotEstimable.self) {
      try Agreement.estimate(clusters: ["a", "a"]) { _ throws(NotEstimable) in 1 }
    }
  }
}
