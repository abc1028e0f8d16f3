import Experiment
import Evaluation
import Foundation
import RunFixtures
import Study
import Testing

@testable import Analysis

/// What is stated besides the result, against what follows from the predictions by other ways.
@Suite struct AnalysisTests {
  /// A run of 40 patients with lesions and all questions asked.
  func content(
    signal: Double = 0.25, sizeSignal: Double = 20, _ configure: (inout StudyProtocol) -> Void = { _ in }
  ) throws -> (fixture: FixtureStudy, content: RunContent) {
    var fixture = try FixtureStudy()
    let predictions = fixture.predictions(patients: 40, signal: signal)
    let lesions = fixture.lesions(predictions, signal: sizeSignal)
    let run = try fixture.run(predictions, lesions: lesions, configure)
    return (fixture, try RunContent(run))
  }

  // MARK: Thresholds and aggregation

  @Test func aFoldsThresholdComesFromTheOtherFolds() throws {
    let (fixture, content) = try content { $0.evaluation.thresholdRule = .youden }
    let (cases, folds) = (content.cases.patient, content.cases.folds(.patient))
    for fold in 0..<5 {
      let others = folds.indices.filter { folds[$0] != fold }
      #expect(
        try content.metrics.thresholds.patient.thresholds[fold]
          == Evaluation.ThresholdRule.youden.threshold(for: cases.picked(others)))
    }
    var right = 0
    for (index, score) in cases.scores.enumerated() {
      let threshold = content.metrics.thresholds.patient.thresholds[folds[index]]
      if (score >= threshold) == cases.labels[index] { right += 1 }
    }
    let matrix = content.metrics.pooled.patient.confusion
    #expect(matrix.truePositives + matrix.trueNegatives == right)
    #expect(content.metrics.pooled.patient.threshold == nil)
    #expect(Set(content.metrics.thresholds.patient.thresholds).count > 1)
    withExtendedLifetime(fixture) {}
  }

  @Test func aFoldsOwnLabelsNeverMoveItsThreshold() throws {
    var fixture = try FixtureStudy()
    let predictions = fixture.predictions(patients: 40)
    var turned = predictions
    for index in turned.indices where turned[index].fold == 2 {
      turned[index].label = turned[index].label == .high ? .low : .high
      turned[index].probability = 1 - turned[index].probability
    }
    let runs = try [predictions, turned].map { rows in
      try RunContent(fixture.run(rows) { $0.evaluation.thresholdRule = .youden }).metrics.thresholds
    }
    for level in Level.allCases {
      #expect(runs[0][level].thresholds[2] == runs[1][level].thresholds[2])
    }
    #expect(runs[0].patient.thresholds != runs[1].patient.thresholds)
  }

  @Test func theSensitivityThatIsAskedForIsReachedInTheOtherFolds() throws {
    let (fixture, content) = try content {
      $0.evaluation.thresholdRule = .fixedSensitivity
      $0.evaluation.targetSensitivity = 0.95
    }
    let (cases, folds) = (content.cases.patient, content.cases.folds(.patient))
    for fold in 0..<5 {
      let threshold = content.metrics.thresholds.patient.thresholds[fold]
      let high = cases.labels.indices.filter { folds[$0] != fold && cases.labels[$0] }
      #expect(Double(high.count { cases.scores[$0] >= threshold }) / Double(high.count) >= 0.95)
    }
    withExtendedLifetime(fixture) {}
  }

  @Test func theTopSlicesMakeThePatient() throws {
    let (fixture, content) = try content {
      $0.evaluation.aggregation = .topK
      $0.evaluation.topK = 3
    }
    let byPatient = Dictionary(grouping: content.predictions, by: \.patient)
    for (code, score) in zip(content.cases.patient.clusters, content.cases.patient.scores) {
      let top = (byPatient[code] ?? []).map(\.probability).sorted(by: >).prefix(3)
      #expect(abs(score - top.reduce(0, +) / Double(top.count)) < 1e-12)
    }
    withExtendedLifetime(fixture) {}
  }

  // MARK: Calibration

  @Test func rescalingIsFittedOnTheOtherFolds() throws {
    let (fixture, content) = try content()
    let patient = try #require(content.analysis.calibration.first { $0.level == .patient })
    let (cases, folds) = (content.cases.patient, content.cases.folds(.patient))
    var squares = 0.0
    for (index, score) in cases.scores.enumerated() {
      let others = folds.indices.filter { folds[$0] != folds[index] }
      let probability = try Recalibration.platt(cases.picked(others))(score)
      let target = cases.labels[index] ? 1.0 : 0
      squares += (probability - target) * (probability - target)
    }
    let brier = try #require(patient.platt.measures?.brier.value)
    #expect(abs(brier - squares / 40) < 1e-12)
    let raw = try #require(patient.raw.brier.value)
    let share = Double(cases.positives) / 40
    #expect(abs(try #require(patient.raw.scaledBrier.value) - (1 - raw / (share * (1 - share)))) < 1e-12)
    #expect(content.analysis.calibration.map(\.level) == [.patient, .lesion, .slice])
    withExtendedLifetime(fixture) {}
  }

  // MARK: Subgroups

  @Test func aRangeHoldsItsLowerLimitAndTheLargestTumourCounts() throws {
    func lesion(_ patient: String, _ lesion: String, _ size: String) throws -> RunLesion {
      RunLesion(
        patient: patient, lesion: lesion, grade: try #require(Grade(rawValue: 2)),
        attributes: ["sizeMM": size, "side": patient == "a" ? " Left" : "left", "sex": "unknown"])
    }
    let attributes = PatientAttributes([
      try lesion("a", "1", "39,9"), try lesion("b", "1", "40"), try lesion("c", "1", "12"), try lesion("c", "2", "70"),
      try lesion("d", "1", "large"), try lesion("e", "1", ""),
    ])
    let cases = Cases(
      labels: [true, false, true, false, true], scores: [0.1, 0.2, 0.3, 0.4, .nan],
      clusters: ["a", "b", "c", "d", "e"])
    let results = SubgroupResult.all(
      [.init(column: "sizeMM", name: "Tumour size", cuts: [40, 70]), .init(column: "side"), .init(column: "sex")],
      cases,
      thresholds: [0.5, 0.5, 0.5, 0.5, 0.5], attributes)
    #expect(results[0].parts.map(\.name) == ["below 40", "40 to below 70", "70 or more"])
    #expect(results[0].parts.map(\.patients) == [1, 1, 1])
    // d has no number; e has no probability and counts nowhere.
    #expect(results[0].missing == 1)
    #expect(results[1].parts.map(\.name) == ["Left"] && results[1].parts.map(\.patients) == [4])
    #expect(results[2].parts.isEmpty && results[2].note == "No patient has a value in this column.")
  }

  @Test func testsAreCorrectedForTheirNumber() throws {
    let (fixture, content) = try content(sizeSignal: 0) {
      $0.subgroups = [
        .init(column: "sizeMM", cuts: [50]), .init(column: "sex"), .init(column: "age", cuts: [15, 1000]),
      ]
    }
    let subgroups = try #require(content.analysis.subgroups)
    #expect(subgroups.map(\.name) == ["sizeMM", "sex", "age"])
    let pValues = subgroups.map { $0.heterogeneity?.pValue ?? .nan }
    #expect(pValues.filter { !$0.isNaN }.count >= 2)
    for (subgroup, adjusted) in zip(subgroups, HolmCorrection.adjusted(pValues)) {
      #expect(subgroup.heterogeneity?.adjustedPValue == (adjusted.isNaN ? nil : adjusted))
    }
    // The part that nobody belongs to stays.
    #expect(subgroups[2].parts.last?.name == "1000 or more" && subgroups[2].parts.last?.patients == 0)
    #expect(subgroups[2].parts.last?.auc.note == "Not estimable: there are no cases.")
    let sum = subgroups[1].parts.reduce(0) { $0 + $1.patients }
    #expect(sum == 40)
    withExtendedLifetime(fixture) {}
  }

  // MARK: Baselines

  @Test func aSizeThatTellsTheGradeBeatsTheNetwork() throws {
    let (fixture, content) = try content(signal: 0.05, sizeSignal: 55) { $0.baselines = .init(size: "sizeMM") }
    let rival = try #require(content.analysis.baselines.rivals.first)
    #expect(rival.verdict == .inferior && rival.patients == 40 && rival.leftOut == 0)
    let (auc, network) = (try #require(rival.auc.value), try #require(rival.network.value))
    #expect(network == content.metrics.pooled.patient[.auc].value)
    #expect(abs(try #require(rival.difference.value) - (network - auc)) < 1e-12)
    withExtendedLifetime(fixture) {}
  }

  /// Size is its own ranking: its AUC is that of the column, not of five regressions whose signs differ.
  @Test(arguments: 0..<6)
  func theSizeIsRankedAsItStands(seed: Int) throws {
    var fixture = try FixtureStudy(seed: UInt64(seed + 1))
    let predictions = fixture.predictions(patients: 11 + 13 * seed)
    let lesions = fixture.lesions(predictions, signal: 0)
    let run = try fixture.run(predictions, lesions: lesions) { $0.baselines = .init(size: "sizeMM") }
    let content = try RunContent(run)
    let size = try #require(content.analysis.baselines.rivals.first)
    let largest = Dictionary(grouping: lesions, by: \.patient).mapValues { lesions in
      lesions.compactMap { Double($0.attributes["sizeMM"] ?? "") }.max() ?? .nan
    }
    let patients = content.cases.patient
    let plain = Cases(labels: patients.labels, scores: patients.clusters.map { largest[$0] ?? .nan })
    #expect(size.method == .asItStands && size.auc.value == ROCCurve(plain)?.auc)
    #expect(size.auc.interval == AUCInterval.standard(plain))
    #expect(size.network.value == content.metrics.pooled.patient[.auc].value)
    #expect(size.network.interval == content.metrics.pooled.patient[.auc].interval)
  }

  @Test func severalVariablesAreRankedWithinTheFoldsAsIsTheNetwork() throws {
    let (fixture, content) = try content { $0.baselines = .init(size: "sizeMM", clinical: ["sizeMM", "sex", "age"]) }
    let clinical = try #require(content.analysis.baselines.rivals.last)
    let (cases, folds) = (content.cases.patient, content.cases.folds(.patient))
    #expect(clinical.method == .crossFitted)
    #expect(clinical.network.value == ROCCurve(cases.ranked(within: folds))?.auc)
    #expect(clinical.network.value == content.analysis.areas.first?.withinFolds.value)
    withExtendedLifetime(fixture) {}
  }

  @Test func theErrorOfPerfectCalibrationStandsBesideTheECE() throws {
    let (fixture, content) = try content()
    for level in content.analysis.calibration {
      let perfect = try #require(level.raw.errorOfPerfectCalibration.value)
      #expect(perfect > 0.01 && perfect < 0.3)
      #expect(level.raw.errorOfPerfectCalibration.interval?.contains(perfect) == true)
    }
    withExtendedLifetime(fixture) {}
  }

  @Test func aSizeThatTellsNothingIsBeaten() throws {
    let (fixture, content) = try content(signal: 0.6, sizeSignal: 0) {
      $0.baselines = .init(size: "sizeMM", clinical: ["sex", "age"])
    }
    let rivals = content.analysis.baselines.rivals
    #expect(rivals.map(\.name) == ["Tumour size alone", "Clinical variables alone"])
    #expect(rivals[0].verdict == .superior)
    // 26 of 40 are low grade, in whatever folds.
    #expect(content.analysis.baselines.majority.confusion.trueNegatives == 26)
    withExtendedLifetime(fixture) {}
  }

  @Test func patientsWithoutAValueAreLeftOutOnBothSides() throws {
    var fixture = try FixtureStudy()
    let predictions = fixture.predictions(patients: 40)
    var lesions = fixture.lesions(predictions)
    for index in lesions.indices where ["case-02", "case-03"].contains(lesions[index].patient) {
      lesions[index].attributes["sizeMM"] = "NA"
    }
    let run = try fixture.run(predictions, lesions: lesions) {
      $0.baselines = .init(size: "sizeMM", clinical: ["remark"])
    }
    let rivals = try RunContent(run).analysis.baselines.rivals
    #expect(rivals[0].patients == 38 && rivals[0].leftOut == 2)
    #expect(rivals[1].patients == 0 && rivals[1].auc.note == "Not estimable: there are no cases.")
    #expect(rivals[1].verdict == nil)
  }

  // MARK: Precision

  @Test func theNeededPatientsReachTheWidth() throws {
    let (fixture, content) = try content()
    let rows = content.analysis.precision.rows
    #expect(rows.map(\.measure) == ["AUC", "sensitivity", "specificity"])
    let auc = try #require(rows[0].value)
    for need in rows[0].needs {
      let (total, positives) = (try #require(need.patients), try #require(need.positives))
      let width = try PlannedPrecision.widthOfAUC(
        auc, patients: .init(positives: positives, negatives: total - positives))
      #expect(width <= need.width && width > need.width - 0.03)
    }
    #expect(rows.allSatisfy { $0.needs.map { $0.patients ?? 0 } == $0.needs.map { $0.patients ?? 0 }.sorted() })
    withExtendedLifetime(fixture) {}
  }
}
