import Experiment
import Foundation
import RunFixtures
import Study
import TestSupport
import Testing

@testable import Analysis

@Suite struct ExamResultTests {
  private func isNear(_ values: [Double], _ expected: [Double]) -> Bool {
    values.count == expected.count && zip(values, expected).allSatisfy { abs($0 - $1) < 1e-12 }
  }

  @Test func slicesAreAggregatedAsTheProtocolSays() throws {
    let mean = try FixtureExam.result(.mean)
    #expect(isNear(mean.lesions.map(\.estimate.probability) + [mean.patient.probability], [0.35, 0.7, 1.4 / 3]))
    #expect(isNear(mean.patient.byFold, [1.7 / 3, 1.1 / 3]))
    #expect(isNear((mean.lesions[0].slices ?? []).map(\.estimate.probability), [0.3, 0.4]))
    let maximum = try FixtureExam.result(.maximum)
    #expect(isNear(maximum.lesions.map(\.estimate.probability) + [maximum.patient.probability], [0.4, 0.7, 0.7]))
    #expect(isNear(maximum.lesions[0].estimate.byFold, [0.6, 0.4]))
    let noisyOr = try FixtureExam.result(.noisyOr)
    #expect(isNear([noisyOr.lesions[0].estimate.probability, noisyOr.patient.probability], [0.58, 0.874]))
  }

  @Test func theThresholdDecides() throws {
    #expect(try FixtureExam.result(.maximum, threshold: 0.7).patient.gradeClass == .high)
    #expect(try FixtureExam.result(.maximum, threshold: 0.71).patient.gradeClass == .low)
    #expect(try FixtureExam.result(.mean).lesions.map(\.estimate.gradeClass) == [.low, .high])
  }

  /// What the run's own results are decided by decides a new exam too, though over all folds.
  @Test func theRunsRuleDecides() throws {
    let sensitive = try FixtureExam.result(.mean, rule: .fixedSensitivity, predictions: FixtureExam.predictions)
    #expect(abs(sensitive.thresholds.patient - 0.35) < 1e-12 && sensitive.thresholds.slice == 0.3)
    #expect(sensitive.patient.gradeClass == .high, "0.47 is high grade from 0.35 on")
    #expect(sensitive.thresholds.isChosen && sensitive.thresholds.targetSensitivity == 0.9)
    let youden = try FixtureExam.result(.mean, rule: .youden, predictions: FixtureExam.predictions)
    #expect(youden.thresholds.patient == 0.8 && youden.patient.gradeClass == .low)
    // One class allows no choice.
    let none = try FixtureExam.result(
      .mean, threshold: 0.6, rule: .youden, predictions: FixtureExam.slices("a", .low, [0.1]))
    #expect(none.thresholds.patient == 0.6 && !none.thresholds.isChosen)
  }

  @Test func theJSONHoldsIt() throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent("prediction.json")
    try FixtureExam.result(.mean).write(to: file)
    let read = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any]
    #expect(read?["run"] as? String == "a-run")
    #expect(read?["unit"] as? String == "slice" && read?["learner"] as? String == "network")
    #expect(read?["isTrainedOnSyntheticData"] as? Bool == false)
    #expect((read?["lesions"] as? [[String: Any]])?.map { $0["name"] as? String } == ["Tumor 1", "Tumor 2"])
    #expect(read?["notes"] as? [String] == ["Shuffled.", "Slice 9 is left out."])
  }

  @Test func lesionsAndPatientsAreUnitsOfTheirOwn() throws {
    let lesions = try FixtureExam.featureResult(.lesionFeatures)
    #expect(isNear(lesions.lesions.map(\.estimate.probability) + [lesions.patient.probability], [0.3, 0.7, 0.5]))
    #expect(isNear(lesions.patient.byFold, [0.55, 0.45]) && lesions.lesions.allSatisfy { $0.slices == nil })
    #expect(lesions.network == nil && lesions.learner == "classical" && lesions.unit == .lesionFeatures)
    let patient = try FixtureExam.featureResult(.patientFeatures)
    #expect(patient.lesions.isEmpty && isNear([patient.patient.probability] + patient.patient.byFold, [0.3, 0.2, 0.4]))
  }
}
