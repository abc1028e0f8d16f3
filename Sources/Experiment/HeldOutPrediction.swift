public import Foundation
public import Study
public import Support

/// A finished run's models, asked of the run's own patients by other outlines; nothing is trained.
///
/// Each patient is predicted by the one model that has not seen it. By the outlines that the run learnt from, the predictions are the
/// run's own.
public struct HeldOutPrediction {
  /// The run.
  public let run: Run
  /// The run's protocol.
  public let settings: StudyProtocol
  /// The run's own out-of-fold predictions.
  public let predictions: [Prediction]
  private let folds: Folds
  private let models: [any FoldModels]

  /// Opens the models of a run.
  ///
  /// - Throws: `StudyError` where the run cannot be read, has shuffled labels, or its models cannot be asked; what keeps a model from
  ///   being read.
  public init(_ run: Run, learners: LearnerRegistry) throws {
    self.run = run
    let manifest = try run.manifest()
    guard manifest.shuffledBy == nil else {
      throw StudyError(.run, "the run \(run.id) has shuffled labels and is a control; name another with --run")
    }
    settings = try StudyProtocol(contentsOf: run.protocolFile)
    predictions = try PredictionTable.read(run.predictionsFile)
    folds = try run.readJSON(Folds.self, from: run.foldsFile)
    models = try folds.heldOut.indices.map { [settings] fold in
      try learners.models(in: ModelFolders(run, folds: [fold], settings, manifest.learner.network))
    }
  }

  /// Predicts the run's patients by the outlines of a study.
  ///
  /// - Parameters:
  ///   - study: the run's study with other outlines; a patient whom it excludes is not predicted.
  ///   - progress: told how many folds are done.
  /// - Returns: one prediction for each example, fold by fold; NaN where a model has none.
  /// - Throws: `StudyError` where the study lacks what the models need.
  public func predictions(in study: StudyFolder, progress: (Int, Int) -> Void = { _, _ in }) throws -> [Prediction] {
    let whole = StudyExamples(study)
    var found: [Prediction] = []
    for (fold, patients) in folds.heldOut.enumerated() {
      let examples = whole.keeping(Set(patients))
      let set = try examples.examples(settings)
      if !set.examples.isEmpty {
        let probabilities = try models[fold].probabilities(of: examples).first ?? []
        found += zip(set.examples, probabilities).map { example, probability in
          Prediction(
            patient: example.patient, lesion: example.lesion, slice: example.slice, fold: fold,
            label: example.gradeClass, probability: probability)
        }
      }
      progress(fold + 1, folds.heldOut.count)
    }
    return found
  }
}

/// A study, or some of its patients, as a run's models predict them.
private final class StudyExamples: PredictedExamples {
  private let study: StudyFolder
  private let patients: Set<String>?
  private let whole: StudyExamples?
  private var made: [StudyProtocol.ExampleKind: ExampleSet] = [:]

  init(_ study: StudyFolder) { (self.study, patients, whole) = (study, nil, nil) }

  private init(_ whole: StudyExamples, _ patients: Set<String>) {
    (study, self.patients, self.whole) = (whole.study, patients, whole)
  }

  /// Some of the patients, without making the whole again.
  func keeping(_ patients: Set<String>) -> StudyExamples { StudyExamples(self, patients) }

  func examples(_ settings: StudyProtocol) throws -> ExampleSet {
    if let whole, let patients { return try whole.examples(settings).keeping(patients) }
    let kind = settings.inputs.examples
    if let set = made[kind] { return set }
    // Whose outlines count is the study's matter; which features are used was decided when the models were fitted.
    var asked = settings
    asked.annotation = try study.readProtocol().annotation
    asked.model.settings?["agreementLimit"] = nil
    let set = try ExampleSet(study, asked)
    made[kind] = set
    return set
  }

  /// The run states them already: they are about the same patients.
  func remark(_ sentences: [String]) {}
}
