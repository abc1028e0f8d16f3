import Foundation
import Support
import Testing

@testable import Evaluation

@Suite struct StatisticsPropertyTests {
  /// Independent patients whose probabilities are right on average, and a second, worse model.
  static func patients(_ count: Int, seed: UInt64) -> (first: Cases, second: Cases) {
    var generator = SplitMix64(seed: seed)
    func uniform() -> Double { Double(generator.next() >> 11) / 0x1p53 }
    var (labels, first, second) = ([Bool](), [Double](), [Double]())
    for _ in 0..<count {
      let probability = uniform()
      labels.append(uniform() < probability)
      first.append(probability)
      second.append((probability + uniform()) / 2)
    }
    return (Cases(labels: labels, scores: first), Cases(labels: labels, scores: second))
  }

  @Test func theHighestSlicesAreAveraged() {
    #expect(agree(Aggregate.top(2)([0.1, 0.9, 0.5]), 0.7))
    #expect(Aggregate.top(1)([0.1, 0.9, 0.5]) == 0.9)
    #expect(agree(Aggregate.top(9)([0.1, 0.9, 0.5]), Aggregate.mean([0.1, 0.9, 0.5])))
    #expect(Aggregate.top(2)([0.1, .nan, 0.5]).isNaN)
  }

  @Test func probabilitiesThatAreRightAreFoundSo() throws {
    let cases = Self.patients(4000, seed: 1).first
    #expect(try #require(try Calibration.intercept(cases).interval).contains(0))
    #expect(try #require(try Calibration.slope(cases).interval).contains(1))
    #expect(try ReliabilityCurve(cases).expectedCalibrationError < 0.03)
    #expect(try Recalibration.temperature(cases).temperature < 1.1)
    let brier = try BrierScore(cases)
    #expect(agree(brier.value, brier.reliability - brier.resolution + brier.uncertainty + brier.withinBins))
    #expect(brier.reliability < 0.002 && brier.resolution > 0.05)
    #expect(try #require(try BrierScore.estimate(cases).interval).contains(1.0 / 6))
  }

  @Test func recalibrationMendsWhatWasBent() throws {
    let cases = Self.patients(2000, seed: 2).first
    let bend = Recalibration(intercept: 0.7, slope: 2.5)
    let bent = Cases(labels: cases.labels, scores: cases.scores.map { bend($0) })
    let slope = try #require(try Calibration.slope(bent).value)
    #expect(agree(slope, try #require(try Calibration.slope(cases).value) / 2.5, within: 1e-3))
    let platt = try Recalibration.platt(bent)
    let mended = Cases(labels: bent.labels, scores: bent.scores.map { platt($0) })
    #expect(agree(try Calibration.slope(mended).value, 1, within: 0.01))
    #expect(agree(try Calibration.intercept(mended).value, 0, within: 0.01))
    #expect(ROCCurve(mended)?.auc == ROCCurve(bent)?.auc)
    #expect(bend(.nan).isNaN && bend(1).isFinite && Recalibration(intercept: 0, slope: 0.5).temperature == 2)
  }

  @Test func pairsAreCorrectedTogether() throws {
    let (first, second) = Self.patients(150, seed: 4)
    let pairs = AUCComparison.pairs(of: [first, second, first])
    #expect(pairs.map { [$0.first, $0.second] } == [[0, 1], [0, 2], [1, 2]])
    #expect(pairs[1].adjustedPValue == nil)
    #expect((try? pairs[1].difference.get()) == nil)
    let p = try pairs[0].difference.get().pValue
    #expect(agree(pairs[0].adjustedPValue, min(1, 2 * p)))
    #expect(try AUCComparison.overall([first, second]).degrees == 1)
    // Of two models it is the square of the paired test.
    #expect(agree(try AUCComparison.overall([first, second]).pValue, p, within: 1e-9))
    #expect(throws: NotEstimable.self) { try AUCComparison.overall([first, second, first]) }
  }

  @Test func nonInferiorityIsJudgedByTheWholeInterval() throws {
    func difference(_ value: Double) -> PairedDifference {
      PairedDifference(
        value: value, standardError: 0.02,
        interval: Interval(lower: value - 0.0392, upper: value + 0.0392, level: 0.95, method: ""), pValue: 1)
    }
    #expect(try difference(0).nonInferiority(margin: 0.05).isShown)
    #expect(try !difference(-0.02).nonInferiority(margin: 0.05).isShown)
    #expect(agree(try difference(-0.05).nonInferiority(margin: 0.05).pValue, 0.5))
    #expect(try difference(0).nonInferiority(margin: 0.05).pValue < 0.025)
    for margin in [0, -0.1, .nan, .infinity] {
      #expect(throws: NotEstimable.self) { try difference(0).nonInferiority(margin: margin) }
    }
  }

  /// Against every division of the labels, counted out.
  @Test func permutationsApproachTheExactTest() throws {
    let scores = [0.9, 0.8, 0.7, 0.65, 0.5, 0.4, 0.3, 0.2, 0.1]
    let cases = Cases(labels: [true, true, false, true, false, false, true, false, false], scores: scores)
    let observed = try #require(ROCCurve(cases)?.auc)
    var (reached, all) = (0, 0)
    for bits in 0..<(1 << 9) where bits.nonzeroBitCount == 4 {
      let dealt = Cases(labels: (0..<9).map { bits >> $0 & 1 == 1 }, scores: scores)
      reached += try #require(ROCCurve(dealt)?.auc) >= observed ? 1 : 0
      all += 1
    }
    let test = try PermutationTest.auc(cases, permutations: 9999)
    #expect(test.observed == observed)
    #expect(abs(test.pValue - Double(reached) / Double(all)) < 0.015)
    #expect(test == (try PermutationTest.auc(cases, permutations: 9999)))
    #expect(try PermutationTest(observed: 0.9, null: [0.4, 0.9, 0.5]).pValue == 0.5)
    #expect(try PermutationTest(observed: 0.95, null: [0.4, 0.9, 0.5]).pValue == 0.25)
    #expect(throws: NotEstimable.notFinite(1)) { try PermutationTest(observed: 0.9, null: [.nan]) }
  }

  /// Many slices of few patients: dealt out slice by slice, chance would look like knowledge.
  @Test func labelsOfPatientsAreDealtOutWhole() throws {
    let cases = Cases(
      labels: (0..<60).map { $0 < 20 }, scores: (0..<60).map { 1 - Double($0 / 10) / 10 },
      clusters: (0..<60).map { "\($0 / 10)" })
    // The two highest of six patients: one division in 15.
    #expect(abs(try PermutationTest.auc(cases, permutations: 4999).pValue - 1.0 / 15) < 0.015)
    let slices = Cases(labels: cases.labels, scores: cases.scores)
    #expect(try PermutationTest.auc(slices, permutations: 999).pValue == 0.001)
  }

  @Test func aDecisionCurveStartsAtThePrevalenceAndActingOnNobodyIsWorthNothing() throws {
    let cases = Self.patients(300, seed: 5).first
    let points = try DecisionCurve(cases, thresholds: [0, 0.3, 0.999], samples: 200).points
    let prevalence = Double(cases.positives) / 300
    #expect(agree(points[0].model.value, prevalence) && agree(points[0].treatAll, prevalence))
    #expect(try #require(points[1].model.value) > max(points[1].treatAll, points[1].treatNone))
    #expect(try #require(points[1].model.interval).contains(points[1].model.value ?? .nan))
    let low = Cases(labels: cases.labels, scores: cases.scores.map { $0 / 2 })
    let none = try DecisionCurve(low, thresholds: [0.6], samples: 200).points[0]
    #expect(none.model.value == 0 && none.model.interval == nil)
  }

  @Test func predictiveValuesMoveWithThePrevalence() throws {
    let cases = Self.patients(200, seed: 6).first
    let matrix = ConfusionMatrix(cases, threshold: 0.5)
    let own = Double(matrix.positives) / Double(matrix.total)
    let curve = try PredictiveValues.curve(cases, threshold: 0.5, prevalences: [0, 0.1, own, 0.9, 1])
    let positive = try curve.map { try #require(try $0.positive.get().value) }
    let negative = try curve.map { try #require(try $0.negative.get().value) }
    #expect(positive == positive.sorted() && positive.first == 0 && positive.last == 1)
    #expect(negative == negative.sorted(by: >) && negative.first == 1 && negative.last == 0)
    #expect(agree(positive[2], matrix.positivePredictiveValue) && agree(negative[2], matrix.negativePredictiveValue))
    for values in curve {
      let estimate = try values.positive.get()
      #expect(try #require(estimate.interval).contains(estimate.value ?? .nan))
    }
    // All right: still no certainty.
    let right = Cases(labels: [true, true, false, false], scores: [0.9, 0.8, 0.2, 0.1])
    let estimate = try PredictiveValues.curve(right, threshold: 0.5, prevalences: [0.3])[0].positive.get()
    #expect(try estimate.value == 1 && #require(estimate.interval).lower < 0.5)
    let never = try PredictiveValues.curve(right, threshold: 2, prevalences: [0.3])[0]
    #expect(never.positive == .failure(.noCalls(isPositive: true)))
    #expect(agree(try never.negative.get().value, 0.7))
  }

  @Test func thresholdsBreakTiesAsStated() throws {
    // Sensitivity + specificity is 1.5 at 0.8 and at 0.4.
    let cases = Cases(
      labels: [true, false, true, false], scores: [0.8, 0.6, 0.4, 0.2])
    #expect(try ThresholdRule.youden.threshold(for: cases) == 0.8)
    #expect(try ThresholdRule.sensitivity(atLeast: 0.5).threshold(for: cases) == 0.8)
    #expect(try ThresholdRule.sensitivity(atLeast: 0.51).threshold(for: cases) == 0.4)
    #expect(try ThresholdRule.sensitivity(atLeast: 0).threshold(for: cases) == 0.8)
    #expect(try ThresholdRule.specificity(atLeast: 0.5).threshold(for: cases) == 0.4)
    #expect(try ThresholdRule.specificity(atLeast: 1).threshold(for: cases) == 0.8)
    let wrong = Cases(labels: cases.labels.map { !$0 }, scores: cases.scores)
    #expect(try ThresholdRule.specificity(atLeast: 1).threshold(for: wrong) == 0.8.nextUp)
    #expect(try ThresholdRule.fixed(0.5).threshold(for: Cases(labels: [], scores: [])) == 0.5)
  }

  @Test func averagePrecisionHasAnIntervalOverPatients() throws {
    let cases = Self.patients(120, seed: 7).first
    let slices = Cases(
      labels: cases.labels + cases.labels, scores: cases.scores + cases.scores,
      clusters: cases.clusters + cases.clusters)
    let single = try PrecisionRecallCurve.averagePrecision(cases, samples: 500)
    let doubled = try PrecisionRecallCurve.averagePrecision(slices, samples: 500)
    // Every slice twice tells no more than once.
    #expect(agree(doubled.value, single.value) && agree(doubled.interval?.limits, single.interval?.limits))
    #expect(try #require(single.interval).contains(single.value ?? .nan))
    #expect(try PrecisionRecallCurve(cases).positiveShare == Double(cases.positives) / 120)
  }

  @Test func aBaselineSeesNothingOfTheHeldOutFold() throws {
    let cases = Self.patients(90, seed: 8).first
    let folds = (0..<90).map { $0 % 3 }
    let rows = cases.scores.map { [$0, $0 * $0] }
    let baseline = try LogisticBaseline(rows: rows, labels: cases.labels, folds: folds)
    // Another truth and other predictors in fold 0 leave its model, and the other cases' predictors count, as they are.
    let changed = try LogisticBaseline(
      rows: rows.indices.map { folds[$0] == 0 ? [5, -3] : rows[$0] },
      labels: folds.indices.map { folds[$0] == 0 ? !cases.labels[$0] : cases.labels[$0] }, folds: folds)
    #expect(changed.models[0] == baseline.models[0] && changed.models[1] != baseline.models[1])
    #expect(baseline.probabilities[0] == baseline.models[0].probability(rows[0]))
    #expect(baseline.models.count == 3 && baseline.models[0].coefficients.count == 3)
  }

  @Test func anAUCWithoutErrorOrAClassAloneHasNoWidth() throws {
    for auc in [0.0, 1.0] {
      #expect(throws: NotEstimable.noVariation("an AUC of \(auc) has no standard error to plan with")) {
        try PlannedPrecision.widthOfAUC(auc, patients: PlannedPrecision.Patients(positives: 14, negatives: 26))
      }
    }
    #expect(throws: NotEstimable.oneClass(isPositive: true)) {
      try PlannedPrecision.widthOfAUC(0.8, patients: PlannedPrecision.Patients(positives: 3, negatives: 0))
    }
    #expect(throws: NotEstimable.noVariation("an AUC of 1.0 has no standard error to plan with")) {
      try PlannedPrecision.patients(forAUC: 1, width: 0.1, positiveShare: 0.3)
    }
  }

  @Test func furtherMetricsHaveIntervalsAndSayWhereNot() throws {
    let cases = Self.patients(80, seed: 10).first
    let metrics = LevelMetrics(cases, threshold: 0.5)
    for metric in Metric.all {
      #expect(try #require(metrics[metric].interval).contains(try #require(metrics[metric].value)), "\(metric.key)")
    }
    let matrix = metrics.confusion
    let ppv = try #require(Metric.all.first { $0.key == "ppv" })
    #expect(
      metrics[ppv].interval
        == WilsonInterval.of(matrix.truePositives, in: matrix.truePositives + matrix.falsePositives))
    let right = LevelMetrics(
      Cases(labels: [true, true, false, false, false], scores: [0.9, 0.8, 0.3, 0.2, 0.1]), threshold: 0.5)
    #expect(right.note?.contains("No interval can be stated for MCC") == true)
  }
}
