import Foundation
import Support
import Testing

@testable import Evaluation

/// What Tests/Reference/intervals.py wrote.
struct IntervalsReference: Decodable {
  struct Paired: Decodable {
    let table: [Int]
    let limits: [Double]
    let noWorse, exact: Double

    var decisions: PairedDecisions {
      PairedDecisions(both: table[0], firstOnly: table[1], secondOnly: table[2], neither: table[3])
    }
  }

  struct Set: Decodable {
    let balancedAccuracy, f1, brier: [Double]?
    let ranks: [Double]
  }

  let paired: [Paired]
  let sets: [Set]

  static let shared = Result {
    let url = try #require(Bundle.module.url(forResource: "Fixtures/intervals", withExtension: "json"))
    return try JSONDecoder().decode(IntervalsReference.self, from: Data(contentsOf: url))
  }
}

/// Intervals, verdicts and ranks against scipy and statsmodels, and by what must hold of them.
@Suite struct IntervalsTests {
  let reference: IntervalsReference

  init() throws { reference = try IntervalsReference.shared.get() }

  // MARK: Paired proportions

  @Test func newcombesPairedIntervalEqualsTheReference() {
    for item in reference.paired {
      #expect(agree(item.decisions.interval()?.limits, item.limits), "\(item.table)")
      #expect(agree(item.decisions.noWorsePValue(margin: 0.05), item.noWorse, within: 1e-7), "\(item.table)")
      #expect(agree([item.decisions.mcNemar.exactPValue], [item.exact]), "\(item.table)")
    }
    #expect(reference.paired.count > 60)
  }

  /// Newcombe 1998: 0.0562 to 0.3290; Fagerland, Lydersen and Laake 2014: -0.507 to -0.026.
  @Test func newcombesPairedIntervalIsThatOfTheLiterature() throws {
    let first = try #require(PairedDecisions(both: 20, firstOnly: 12, secondOnly: 2, neither: 16).interval())
    #expect(abs(first.lower - 0.0562) < 5e-5 && abs(first.upper - 0.3292) < 5e-5)
    let second = try #require(PairedDecisions(both: 1, firstOnly: 1, secondOnly: 7, neither: 12).interval())
    #expect(abs(second.lower + 0.507) < 5e-4 && abs(second.upper + 0.026) < 5e-4)
  }

  @Test func noWorseAgreesWithTheInterval() throws {
    for item in reference.paired {
      for margin in [0.02, 0.05, 0.1, 0.3] {
        let lower = try #require(item.decisions.interval()).lower
        let p = try #require(item.decisions.noWorsePValue(margin: margin))
        #expect((lower > -margin) == (p < 0.025), "\(item.table), \(margin)")
      }
    }
    #expect(PairedDecisions(both: 0, firstOnly: 0, secondOnly: 0, neither: 0).interval() == nil)
    #expect(PairedDecisions(both: 3, firstOnly: 0, secondOnly: 0, neither: 0).noWorsePValue(margin: 0) == nil)
  }

  @Test func thePairedIntervalMirrorsAndHasAWidth() throws {
    for item in reference.paired {
      let mirrored = PairedDecisions(
        both: item.table[0], firstOnly: item.table[2], secondOnly: item.table[1], neither: item.table[3])
      let limits = try #require(mirrored.interval()).limits
      #expect(agree(limits, item.limits.reversed().map { -$0 }))
      #expect(limits[1] > limits[0] && limits[0] >= -1 && limits[1] <= 1)
    }
  }

  // MARK: Measures

  @Test func intervalsOfSeveralRatesEqualTheReference() {
    for (index, expected) in reference.sets.enumerated() {
      let data = ReferenceData(index).models[0]
      let independent = DecidedCases(Cases(labels: data.labels, scores: data.scores), threshold: 0.5)
      #expect(agree(independent.ofBalancedAccuracy?.limits, expected.balancedAccuracy), "set \(index)")
      // F1 is undefined where nothing is positive and nothing called so.
      #expect(agree(independent.ofF1?.limits, expected.f1), "set \(index)")
      let brier = try? BrierScore.estimate(data)
      #expect(agree(brier.map { [$0.value ?? .nan] + ($0.interval?.limits ?? []) }, expected.brier), "set \(index)")
    }
  }

  @Test func theStandardIntervalOfTheAUCIsWiderThanDeLongsNearOne() throws {
    let labels = (0..<40).map { $0 < 14 }
    let scores = (0..<40).map { Double(($0 * 17 + 5) % 40) / 40 + (labels[$0] ? 0.6 : 0) }
    let cases = Cases(labels: labels, scores: scores)
    let standard = try #require(AUCInterval.standard(cases))
    let plain = try #require(AUCInterval.deLong(cases))
    let auc = try #require(ROCCurve(cases)?.auc)
    #expect(auc > 0.85 && auc < 1)
    #expect(standard.lower < plain.lower && standard.upper < 1 && standard.contains(auc))
    // Turned round, it is the mirror.
    let turned = try #require(AUCInterval.standard(Cases(labels: labels, scores: scores.map { -$0 })))
    #expect(agree(turned.limits, standard.limits.reversed().map { 1 - $0 }))
  }

  // MARK: Ranks within folds

  @Test func ranksWithinFoldsEqualScipys() {
    for (index, expected) in reference.sets.enumerated() {
      let cases = ReferenceData(index).models[0]
      let ranked = cases.ranked(within: cases.scores.indices.map { $0 * 7 % 5 })
      #expect(agree(ranked.scores, expected.ranks), "set \(index)")
      #expect(ranked.labels == cases.labels && ranked.clusters == cases.clusters)
    }
  }

  @Test func noScaleOfAFoldMovesItsRanks() {
    let cases = ReferenceData(32).models[0]
    let folds = cases.scores.indices.map { $0 % 3 }
    let scaled = Cases(
      labels: cases.labels, scores: zip(cases.scores, folds).map { exp(Double($1 + 1) * $0) - 5 * Double($1) })
    #expect(cases.ranked(within: folds).scores == scaled.ranked(within: folds).scores)
    let odd = Cases(labels: [true, false, true, false, true], scores: [.nan, 0.2, .infinity, 0.1, -.infinity])
    let ranks = odd.ranked(within: [0, 0, 0, 0, 0]).scores
    #expect(ranks[1] == 0.75 && ranks[3] == 0.25)
    #expect([0, 2, 4].allSatisfy { ranks[$0].isNaN })
  }

  /// Columns that have nothing to do with the grade, in the folds in which a run deals its patients.
  @Test(arguments: [(10, 5, 300), (24, 8, 150), (40, 14, 100), (150, 52, 20)])
  func baselinesOfNoSignalReachAHalf(patients: Int, positives: Int, cohorts: Int) throws {
    var generator = SplitMix64(seed: UInt64(patients))
    func uniform() -> Double { (Double(generator.next() >> 11) + 0.5) / 0x1p53 }
    func shuffled(_ range: Range<Int>) -> [Int] {
      var places = Array(range)
      for last in stride(from: places.count - 1, to: 0, by: -1) { places.swapAt(last, generator.below(last + 1)) }
      return places
    }
    let labels = (0..<patients).map { $0 < positives }
    var found: [String: [Double]] = [:]
    for _ in 0..<cohorts {
      var folds = [Int](repeating: 0, count: patients)
      for (place, patient) in (shuffled(positives..<patients) + shuffled(0..<positives)).enumerated() {
        folds[patient] = place % 5
      }
      let rows = labels.map { _ in [-log(uniform()), uniform(), uniform() < 0.5 ? 1 : 0] }
      let size = Cases(labels: labels, scores: rows.map { $0[0] })
      let fitted = try LogisticBaseline(rows: rows, labels: labels, folds: folds, ridge: 1)
      let pooled = Cases(labels: labels, scores: fitted.probabilities)
      found["as it stands", default: []].append(try #require(ROCCurve(size)?.auc))
      found["within folds", default: []].append(try #require(ROCCurve(pooled.ranked(within: folds))?.auc))
      found["pooled", default: []].append(try #require(ROCCurve(pooled)?.auc))
    }
    for (name, values) in found where name != "pooled" {
      let error = ClusterDraws.deviation(of: values) / Double(cohorts).squareRoot()
      #expect(abs(Aggregate.mean(values) - 0.5) < 3.5 * error, "\(name): \(Aggregate.mean(values)) ± \(error)")
    }
    // What the ranks are there for: the pooled probabilities of models that have learnt nothing.
    #expect(Aggregate.mean(try #require(found["pooled"])) < 0.5)
  }

  // MARK: Calibration

  @Test func perfectCalibrationIsNotWithoutError() throws {
    // One bin of n cases at probability p: the mean absolute deviation of a binomial share, here of 100 at a half.
    let cases = Cases(labels: (0..<100).map { $0 < 50 }, scores: (0..<100).map { _ in 0.5 })
    let found = try ReliabilityCurve.errorOfPerfectCalibration(cases, samples: 4000)
    #expect(abs(try #require(found.value) - 0.0398) < 0.002)
    #expect(found == (try ReliabilityCurve.errorOfPerfectCalibration(cases, samples: 4000)))
    // Slices that share a draw vary as patients do.
    let slices = Cases(
      labels: cases.labels, scores: cases.scores, clusters: (0..<100).map { "\($0 / 10)" })
    #expect(
      try #require(try ReliabilityCurve.errorOfPerfectCalibration(slices).value) > 2.5 * (found.value ?? .nan))
  }

  // MARK: Permutations

  @Test func permutationsStayWithinTheirGroups() throws {
    // One fold is all positive and ranked high: dealt out within folds, there is nothing left to permute.
    let labels = [true, true, true, false, false, false]
    let cases = Cases(labels: labels, scores: [0.9, 0.8, 0.7, 0.3, 0.2, 0.1])
    let within = try PermutationTest.auc(cases, within: [0, 0, 0, 1, 1, 1], permutations: 99)
    #expect(within.pValue == 1 && within.place == 0.5 && within.twoSidedPValue == 1)
    let free = try PermutationTest.auc(cases, permutations: 999)
    #expect(abs(free.pValue - 0.05) < 0.03 && free.place > 0.95)
    let reversed = try PermutationTest.auc(
      Cases(labels: labels.map { !$0 }, scores: cases.scores), permutations: 999)
    #expect(reversed.place < 0.05 && reversed.pValue > 0.9 && reversed.twoSidedPValue < 0.2)
  }

  // MARK: Infinities

  /// A slice whose probability is no finite number leaves its patient without one, however slices are put together.
  @Test(arguments: [Double.nan, .infinity, -.infinity])
  func everyAggregateTreatsInfinityAsNaN(odd: Double) {
    for aggregate in [Aggregate.mean, Aggregate.maximum, Aggregate.noisyOr, Aggregate.top(1), Aggregate.top(2)] {
      for probabilities in [[odd], [odd, 0.5], [0.9, odd, 0.1], [0, odd], [1, odd, 1, 0.2], [odd, -odd]] {
        #expect(aggregate(probabilities).isNaN, "\(probabilities)")
      }
      #expect(aggregate([0.4, 0.2]).isFinite)
    }
    let cases = Cases(labels: [true, false, true], scores: [0.9, 0.1, odd])
    #expect(ROCCurve(cases) == nil && AUCInterval.standard(cases) == nil)
    #expect(LevelMetrics(cases, threshold: 0.5).n == 2)
    #expect(cases.ranked(within: [0, 0, 0]).finite.count == 2)
  }
}
