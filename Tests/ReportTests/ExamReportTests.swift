import Foundation
import Experiment
import Study
import TestSupport
import Testing

@testable import Report

@Suite struct ExamReportTests {
  private static let settings = Result {
    try StudyProtocol(
      contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Protocols/demo.yaml"))
  }

  private func report(
    _ aggregation: StudyProtocol.Evaluation.Aggregation, threshold: Double = 0.5,
    rule: StudyProtocol.Evaluation.ThresholdRule? = nil, predictions: [Prediction] = [], synthetic: Bool = false
  ) throws -> ExamReport {
    var settings = try Self.settings.get()
    settings.evaluation.aggregation = aggregation
    settings.evaluation.threshold = threshold
    settings.evaluation.thresholdRule = rule
    let scores = ExamScores(
      folds: [0, 2],
      slices: [
        .init(lesion: "Tumor 1", slice: "1.2.3", number: 7, probabilities: [0.2, 0.4]),
        .init(lesion: "Tumor 1", slice: "1.2.4", number: 8, probabilities: [0.6, 0.2]),
        .init(lesion: "Tumor 2", slice: "1.2.5", number: 8, probabilities: [0.9, 0.5]),
      ],
      notes: ["Slice 9 is left out."])
    let manifest = Run.Manifest(
      learner: .init(
        learner: "network",
        network: .init(backbone: "resnet18", weights: nil, frozenThrough: "layer2", trainedParameters: 0)),
      notes: ["Shuffled."],
      synthetic: synthetic)
    return ExamReport(scores, runID: "a-run", settings: settings, manifest: manifest, predictions: predictions)
  }

  private func isNear(_ values: [Double], _ expected: [Double]) -> Bool {
    values.count == expected.count && zip(values, expected).allSatisfy { abs($0 - $1) < 1e-12 }
  }

  @Test func slicesAreAggregatedAsTheProtocolSays() throws {
    // By hand: the slices' means over the networks are 0.3, 0.4 and 0.7.
    let mean = try report(.mean)
    #expect(isNear(mean.lesions.map(\.estimate.probability) + [mean.patient.probability], [0.35, 0.7, 1.4 / 3]))
    #expect(isNear(mean.patient.byNetwork, [1.7 / 3, 1.1 / 3]))
    #expect(isNear(mean.lesions[0].slices.map(\.estimate.probability), [0.3, 0.4]))
    let maximum = try report(.maximum)
    #expect(isNear(maximum.lesions.map(\.estimate.probability) + [maximum.patient.probability], [0.4, 0.7, 0.7]))
    #expect(isNear(maximum.lesions[0].estimate.byNetwork, [0.6, 0.4]))
    let noisyOr = try report(.noisyOr)
    #expect(isNear([noisyOr.lesions[0].estimate.probability, noisyOr.patient.probability], [0.58, 0.874]))
  }

  @Test func theThresholdDecides() throws {
    #expect(try report(.maximum, threshold: 0.7).patient.gradeClass == .high)
    #expect(try report(.maximum, threshold: 0.71).patient.gradeClass == .low)
    #expect(try report(.mean).lesions.map(\.estimate.gradeClass) == [.low, .high])
  }

  /// What the run's own results are decided by decides a new exam too, though over all folds: by hand, two patients of each
  /// class with the means 0.2 and 0.4 (low) and 0.35 and 0.8 (high).
  @Test func theRunsRuleDecides() throws {
    func slices(_ patient: String, _ label: GradeClass, _ probabilities: [Double]) -> [Prediction] {
      probabilities.enumerated().map { place, probability in
        Prediction(
          patient: patient, lesion: "1", slice: "\(patient).\(place)", fold: 0, label: label, probability: probability)
      }
    }
    let predictions =
      slices("a", .low, [0.1, 0.3]) + slices("b", .low, [0.4]) + slices("c", .high, [0.3, 0.4])
      + slices("d", .high, [0.8])
    let sensitive = try report(.mean, rule: .fixedSensitivity, predictions: predictions)
    #expect(abs(sensitive.thresholds.patient - 0.35) < 1e-12 && sensitive.thresholds.slice == 0.3)
    #expect(sensitive.patient.gradeClass == .high, "0.47 is high grade from 0.35 on")
    #expect(
      sensitive.text.contains(
        "threshold of 0.35, by a sensitivity of 0.90 over all of the run's out-of-fold predictions"))
    let youden = try report(.mean, rule: .youden, predictions: predictions)
    #expect(youden.thresholds.patient == 0.8 && youden.patient.gradeClass == .low)
    #expect(youden.text.contains("Youden"))
    // One class allows no choice.
    let none = try report(.mean, threshold: 0.6, rule: .youden, predictions: slices("a", .low, [0.1]))
    #expect(none.thresholds.patient == 0.6 && none.text.contains("allow no choice"))
  }

  @Test func theTextSaysWhatItIs() throws {
    let text = try report(.mean, synthetic: true).text
    for part in [
      "NOT A MEDICAL DEVICE", "(Fuhrman/ISUP 3-4): 0.47 (networks 0.37 to 0.57)",
      "At the protocol's threshold of 0.50, that counts as low",
      "3 slices of 2 lesions, aggregated by their mean", "Lesion Tumor 1: 0.35 (networks 0.30 to 0.40), low grade",
      "  slice 7: 0.30 (networks 0.20 to 0.40)", "Run a-run (resnet18, frozen through layer2, float32)",
      "2 networks, of folds 1, 3.", "NOTE: The run was trained on virtual patients", "NOTE: Shuffled.",
      "NOTE: Slice 9 is left out.",
    ] {
      #expect(text.contains(part), "\(part): \(text)")
    }
    #expect(try !report(.mean).text.contains("virtual"))
  }

  @Test func theJSONHoldsIt() throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent("prediction.json")
    try report(.mean).write(to: file)
    let read = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any]
    #expect(read?["run"] as? String == "a-run")
    #expect(read?["isTrainedOnSyntheticData"] as? Bool == false)
    #expect((read?["lesions"] as? [[String: Any]])?.map { $0["name"] as? String } == ["Tumor 1", "Tumor 2"])
    #expect(read?["notes"] as? [String] == ["Shuffled.", "Slice 9 is left out."])
  }
}
