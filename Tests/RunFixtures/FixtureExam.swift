public import Analysis
public import Experiment
import Foundation
public import Study

/// An exam of three slices in two lesions that two networks have seen, and the run that they are of.
public enum FixtureExam {
  /// By hand, the slices' means over the networks are 0.3, 0.4 and 0.7.
  public static let scores = ExamScores(
    unit: .slice, folds: [0, 2],
    examples: [
      .init(lesion: "Tumor 1", slice: "1.2.3", number: 7, probabilities: [0.2, 0.4]),
      .init(lesion: "Tumor 1", slice: "1.2.4", number: 8, probabilities: [0.6, 0.2]),
      .init(lesion: "Tumor 2", slice: "1.2.5", number: 8, probabilities: [0.9, 0.5]),
    ],
    notes: ["Slice 9 is left out."])

  /// The same exam as two lesions, or as one patient, that the models of features know.
  public static func featureScores(_ unit: StudyProtocol.ExampleKind) -> ExamScores {
    let examples: [ExamScores.Example] =
      unit == .patientFeatures
      ? [.init(lesion: "", probabilities: [0.2, 0.4])]
      : [.init(lesion: "Tumor 1", probabilities: [0.2, 0.4]), .init(lesion: "Tumor 2", probabilities: [0.9, 0.5])]
    return ExamScores(unit: unit, folds: [0, 2], examples: examples, notes: [])
  }

  /// What these scores come to, by a run of the learner `classical`.
  public static func featureResult(_ unit: StudyProtocol.ExampleKind) throws -> ExamResult {
    var settings = try settings(.mean, threshold: 0.5, rule: nil)
    settings.training = nil
    return ExamResult(
      featureScores(unit), runID: "a-run", settings: settings,
      manifest: Run.Manifest(learner: .init(learner: "classical"), examples: unit, notes: [], synthetic: false),
      predictions: [])
  }

  /// What the exam comes to, by a run of such an evaluation.
  public static func result(
    _ aggregation: StudyProtocol.Evaluation.Aggregation, threshold: Double = 0.5,
    rule: StudyProtocol.Evaluation.ThresholdRule? = nil, predictions: [Prediction] = [], synthetic: Bool = false
  ) throws -> ExamResult {
    ExamResult(
      scores, runID: "a-run", settings: try settings(aggregation, threshold: threshold, rule: rule),
      manifest: manifest(synthetic: synthetic), predictions: predictions)
  }

  /// The demo's protocol with another evaluation.
  public static func settings(
    _ aggregation: StudyProtocol.Evaluation.Aggregation, threshold: Double,
    rule: StudyProtocol.Evaluation.ThresholdRule?
  ) throws -> StudyProtocol {
    var settings = try StudyProtocol(contentsOf: FixtureStudy.protocols.appendingPathComponent("demo.yaml"))
    settings.evaluation.aggregation = aggregation
    settings.evaluation.threshold = threshold
    settings.evaluation.thresholdRule = rule
    return settings
  }

  /// What made the run.
  public static func manifest(synthetic: Bool) -> Run.Manifest {
    Run.Manifest(
      learner: .init(
        learner: "network",
        network: .init(backbone: "resnet18", weights: nil, frozenThrough: "layer2", trainedParameters: 0)),
      notes: ["Shuffled."],
      synthetic: synthetic)
  }

  /// Out-of-fold predictions of two patients of each class, with the means 0.2 and 0.4 (low) and 0.35 and 0.8 (high).
  public static let predictions =
    slices("a", .low, [0.1, 0.3]) + slices("b", .low, [0.4]) + slices("c", .high, [0.3, 0.4])
    + slices("d", .high, [0.8])

  /// The slices of a patient.
  public static func slices(_ patient: String, _ label: GradeClass, _ probabilities: [Double]) -> [Prediction] {
    probabilities.enumerated().map { place, probability in
      Prediction(
        patient: patient, lesion: "1", slice: "\(patient).\(place)", fold: 0, label: label, probability: probability)
    }
  }
}
