import Foundation
import Testing

@testable import Evaluation

/// What can't be stated says why: no crash, no NaN, no blank.
@Suite struct NotEstimableTests {
  static let none = Cases(labels: [], scores: [])
  static let positivesOnly = Cases(labels: [true, true, true], scores: [0.2, 0.6, 0.9])
  static let odd = Cases(labels: [true, false, true, false], scores: [0.3, .nan, .infinity, 0.1])
  static let beyond = Cases(labels: [true, false, true], scores: [1.2, 0.3, 0.4])
  static let onePatient = Cases(
    labels: [true, false, true, false], scores: [0.7, 0.2, 0.4, 0.5], clusters: ["a", "a", "a", "a"])
  static let allRight = Cases(labels: [false, false, false, true, true], scores: [0.1, 0.2, 0.3, 0.8, 0.9])
  static let allWrong = Cases(labels: [true, true, true, false, false], scores: [0.1, 0.2, 0.3, 0.8, 0.9])
  static let tied = Cases(labels: [true, false, true, false], scores: [0.4, 0.4, 0.4, 0.4])

  /// Every estimator that takes a list of cases.
  static let estimators: [(name: String, run: @Sendable (Cases) throws -> [Double?])] = [
    ("AUC, logit", { try AUCInterval.logit($0).limits }),
    ("average precision", { [try PrecisionRecallCurve.averagePrecision($0, samples: 50).value] }),
    ("Youden", { [try ThresholdRule.youden.threshold(for: $0)] }),
    ("sensitivity", { [try ThresholdRule.sensitivity(atLeast: 0.9).threshold(for: $0)] }),
    ("specificity", { [try ThresholdRule.specificity(atLeast: 0.9).threshold(for: $0)] }),
    ("intercept", { try Calibration.intercept($0).interval?.limits ?? [nil] }),
    ("slope", { try Calibration.slope($0).interval?.limits ?? [nil] }),
    ("Brier", { [try BrierScore($0).withinBins] + (try BrierScore.estimate($0).interval?.limits ?? []) }),
    ("reliability", { try ReliabilityCurve($0).bins.flatMap { [$0.predicted, $0.observed.value] } }),
    ("temperature", { [try Recalibration.temperature($0).temperature] }),
    ("Platt", { [try Recalibration.platt($0).slope, try Recalibration.platt($0)(0.5)] }),
    ("decision curve", { try DecisionCurve($0, thresholds: [0, 0.5], samples: 50).points.map(\.model.value) }),
    (
      "predictive values",
      { cases in
        try PredictiveValues.curve(cases, threshold: 0.5, prevalences: [0, 0.3, 1]).flatMap { values in
          [values.positive, values.negative].compactMap { try? $0.get() }.flatMap {
            [$0.value] + ($0.interval?.limits ?? [])
          }
        }
      }
    ),
    ("paired", { [try AUCComparison.paired($0, $0).value] }),
    ("overall", { [try AUCComparison.overall([$0, $0]).statistic] }),
    (
      "paired decisions",
      { cases in
        let decisions = try PairedDecisions(cases, cases, thresholds: (0.3, 0.5))
        let interval = decisions.interval()
        return [decisions.mcNemar.exactPValue, decisions.noWorsePValue(margin: 0.05)] + (interval?.limits ?? [nil])
      }
    ),
    (
      "permutation",
      { cases in
        let test = try PermutationTest.auc(cases, permutations: 20)
        return [test.pValue, test.place, test.twoSidedPValue]
      }
    ),
    ("perfect calibration", { [try ReliabilityCurve.errorOfPerfectCalibration($0, samples: 20).value] }),
    ("subgroups", { [try SubgroupAnalysis($0, groups: $0.clusters.map { _ in "a" }).heterogeneity().iSquared] }),
    (
      "interaction",
      { [try SubgroupAnalysis($0, groups: $0.clusters.map { _ in "a" }).logisticInteraction().pValue] }
    ),
    (
      "baseline",
      { cases in
        try LogisticBaseline(
          rows: cases.scores.map { [$0] }, labels: cases.labels, folds: cases.labels.indices.map { $0 % 2 }
        ).probabilities
      }
    ),
  ]

  @Test func everyEstimatorGivesFiniteNumbersOrASentence() {
    var refusals = 0
    for cases in [
      Self.none, Self.positivesOnly, Self.odd, Self.beyond, Self.onePatient, Self.allRight, Self.allWrong, Self.tied,
      Cases(labels: [true], scores: [0.5]), Cases(labels: [true, false], scores: [0, 1]),
      Cases(labels: [true, false], scores: [1, 0], clusters: ["a", "a"]),
    ] {
      for (name, run) in Self.estimators {
        do {
          let values = try run(cases)
          #expect(values.allSatisfy { $0?.isFinite == true }, "\(name)")
        } catch let reason as NotEstimable {
          #expect(reason.description.hasSuffix(".") && reason.description.count > 30, "\(name)")
          refusals += 1
        } catch {
          Issue.record("\(name): \(error)")
        }
      }
    }
    #expect(refusals > 100)
  }

  @Test func randomSetsGiveFiniteNumbersOrASentence() {
    for index in 0..<208 {
      let cases = ReferenceData(index).models[0]
      for (name, run) in Self.estimators {
        if let values = try? run(cases) {
          #expect(values.allSatisfy { $0?.isFinite == true }, "\(name), set \(index)")
        }
      }
    }
  }

  @Test func theReasonIsTheRightOne() {
    #expect(throws: NotEstimable.noCases) { try PrecisionRecallCurve(Self.none) }
    #expect(throws: NotEstimable.oneClass(isPositive: true)) { try Calibration.slope(Self.positivesOnly) }
    #expect(throws: NotEstimable.notFinite(2)) { try AUCInterval.logit(Self.odd) }
    #expect(throws: NotEstimable.notProbability(1)) { try BrierScore(Self.beyond) }
    #expect(throws: NotEstimable.tooFewClusters(found: 1, needed: 2, of: "patients with a positive case")) {
      try Calibration.intercept(Self.onePatient)
    }
    #expect(throws: NotEstimable.separated) { try Calibration.slope(Self.allRight) }
    #expect(throws: NotEstimable.separated) { try Calibration.slope(Self.allWrong) }
    #expect(throws: NotEstimable.collinear) { try Calibration.slope(Self.tied) }
    #expect(throws: NotEstimable.differentCases) { try AUCComparison.paired(Self.allRight, Self.allWrong) }
    #expect(throws: NotEstimable.mixedClusters(1)) { try PermutationTest.auc(Self.onePatient) }
    #expect(throws: NotEstimable.noVariation("the difference of the AUCs does not vary between these patients")) {
      try AUCComparison.paired(Self.allRight, Self.allRight)
    }
    let mirrored = Cases(labels: [false, true, false, true], scores: [0.9, 0.1, 0.4, 0.6])
    #expect(throws: NotEstimable.reversed) { try Recalibration.temperature(mirrored) }
    #expect(throws: NotEstimable.clustered(instead: "Compare whole patients.")) {
      try PairedDecisions(Self.onePatient, Self.onePatient, thresholds: (0.5, 0.5))
    }
    #expect(throws: NotEstimable.inFold(0, .oneClass(isPositive: true))) {
      try LogisticBaseline(
        rows: [[1], [2], [3], [4], [5], [6]], labels: [false, true, false, true, false, true],
        folds: [0, 1, 0, 1, 0, 1])
    }
  }

  @Test func settingsOutsideTheirRangeAreRefused() {
    let cases = ReferenceData(0).models[0]
    for refused in [
      { _ = try AUCInterval.logit(cases, level: 1) },
      { _ = try ThresholdRule.sensitivity(atLeast: 90).threshold(for: cases) },
      { _ = try ThresholdRule.fixed(.nan).threshold(for: cases) },
      { _ = try DecisionCurve(cases, thresholds: [1]) },
      { _ = try PredictiveValues.curve(cases, threshold: 0.5, prevalences: [-0.1]) },
      { _ = try ReliabilityCurve(cases, binning: .equalWidth(0)) },
      { _ = try ReliabilityCurve(cases, binning: .quantiles(-3)) },
      { _ = try BrierScore.estimate(cases, level: 0) },
      { _ = try PermutationTest.auc(cases, permutations: 0) },
      { _ = try PlannedPrecision.widthOfAUC(1.5, patients: PlannedPrecision.Patients(positives: 3, negatives: 3)) },
      { _ = try PlannedPrecision.patients(forAUC: 0.8, width: 0, positiveShare: 0.3) },
      { _ = try PlannedPrecision.patients(forAUC: 0.8, width: 0.1, positiveShare: 1) },
      { _ = try PlannedPrecision.patients(forProportion: -1, width: 0.1) },
      { _ = try LogisticBaseline(rows: [[1], [2]], labels: [true, false], folds: [0, 0]) },
      { _ = try LogisticBaseline(rows: [[1], [2, 3]], labels: [true, false], folds: [0, 1]) },
      { _ = try AUCComparison.overall([cases]) },
      { _ = try SubgroupAnalysis(Self.onePatient, groups: ["a", "b", "a", "b"]) },
    ] as [() throws -> Void] {
      #expect {
        try refused()
      } throws: { error in
        if case .badSetting = error as? NotEstimable { true } else { false }
      }
    }
  }

  @Test func anEmptySubgroupIsListedWithItsReason() throws {
    let cases = Cases(labels: [true, false, true, false], scores: [0.8, 0.3, 0.4, 0.6])
    let analysis = try SubgroupAnalysis(cases, groups: ["a", "a", "a", "b"], names: ["a", "b", "c"])
    #expect(analysis.subgroups.map(\.count) == [3, 1, 0])
    #expect(analysis.subgroups[1].auc == .failure(.oneClass(isPositive: false)))
    #expect(analysis.subgroups[2].auc == .failure(.noCases))
    let reason = "subgroups with 2 or more patients of each class and an AUC that varies"
    #expect(throws: NotEstimable.tooFewClusters(found: 0, needed: 2, of: reason)) { try analysis.heterogeneity() }
  }

  /// A wholly and a partly separating predictor, and one that follows from another.
  @Test func separationIsToldApartFromCollinearity() {
    let labels: [Double] = [0, 0, 0, 1, 1, 0, 1, 1]
    #expect(throws: NotEstimable.separated) {
      try LogisticRegression(rows: [0, 0, 1, 1, 1, 1, 1, 1].map { [$0] }, targets: labels)
    }
    let flags: [Double] = [0, 1, 0, 1, 1, 0, 1, 1]
    #expect(throws: NotEstimable.collinear) {
      try LogisticRegression(rows: flags.map { [$0, 1 - $0] }, targets: labels)
    }
    #expect(throws: NotEstimable.notFinite(1)) { try LogisticRegression(rows: [[1], [.nan]], targets: [0, 1]) }
    // A penalty gives even separated classes a fit.
    #expect(throws: Never.self) {
      try LogisticRegression(rows: [[0], [0], [1], [1]], targets: [0, 0, 1, 1], ridge: 0.1)
    }
    // Predictors of very different size are no obstacle.
    #expect(throws: Never.self) {
      try LogisticRegression(
        rows: zip([3.0, 1, 4, 1, 5, 9, 2, 6], [1e9, 3e9, 2e9, 2e9, 5e9, 1e9, 4e9, 2e9]).map { [$0 * 1e-9, $1] },
        targets: labels)
    }
  }
}
