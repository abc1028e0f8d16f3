import Foundation
public import Study
import Support

/// A finished run, held against its own models: each fold's model is read and predicts its held-out examples once more.
///
/// It shows that a run's predictions came from the models that lie beside them, by the examples that the study still has.
public struct RunVerification: Sendable {
  /// What one fold's model gave.
  public struct Fold: Equatable, Sendable {
    /// The fold, from 0.
    public let fold: Int
    /// How many examples it holds out.
    public let examples: Int
    /// The largest difference of a probability from what the run says; 0 means the same bits.
    public let largestDifference: Double
  }

  private let run: Run
  private let validation: CrossValidation
  private let predictions: [Prediction]

  /// Makes the run's experiment again.
  ///
  /// - Throws: `StudyError` where the study is no longer what it was when the run was made; what keeps the learner from being made.
  public init(_ run: Run, in study: StudyFolder, learners: LearnerRegistry) throws {
    guard FileManager.default.fileExists(atPath: run.foldsFolder.path) else {
      throw StudyError(
        .run,
        "the run \(run.id) has no fold jobs, like every run of version 0.1, so its models cannot repeat its predictions. Name "
          + "another with --run")
    }
    self.run = run
    validation = try CrossValidation(of: run, run.manifest(), in: study, learners: learners)
    predictions = try PredictionTable.read(run.predictionsFile)
  }

  /// Predicts each fold's held-out examples by its model.
  ///
  /// - Parameter progress: told how far the preparation is.
  /// - Returns: what each fold's model gave.
  /// - Throws: what keeps a model from being read; `StudyError` of kind `.run` where a prediction is missing.
  public func verify(progress: (ExperimentProgress) -> Void) throws -> [Fold] {
    var workers = Workers()
    return try validation.prepared(sharing: [], progress: progress).enumerated().map { fold, prepared in
      try verify(fold, prepared, &workers)
    }
  }

  private func verify(_ fold: Int, _ prepared: some PreparedLearner, _ workers: inout Workers) throws -> Fold {
    let (examples, split) = (validation.examples, validation.split)
    let heldOut = split.heldOut(fold)
    let folder = run.foldFolder(fold)
    let task = LearningTask(
      examples: examples, training: split.training(fold), heldOut: heldOut, fold: fold,
      checkpoint: FoldJobFolder(url: folder).checkpointFile)
    let probabilities = try workers.use(for: prepared) { worker in
      try prepared.load(from: folder, for: task, with: &worker).probabilities(of: heldOut)
    }
    let stated = Dictionary(
      predictions.filter { $0.fold == fold }.map { ([$0.patient, $0.lesion, $0.slice], $0.probability) }
    ) { first, _ in first }
    let differences = try zip(heldOut, probabilities).map { index, probability in
      guard let other = stated[examples.examples[index].name] else {
        throw StudyError(
          .run,
          "predictions.csv of run \(run.id) has no row for an example that fold \(fold + 1) holds out (patient "
            + "\(examples.examples[index].patient)); copy the run's folder from its study again")
      }
      // What was not predicted must not be predicted now.
      return probability.isNaN && other.isNaN ? 0 : abs(probability - other)
    }
    return Fold(
      fold: fold, examples: heldOut.count,
      largestDifference: differences.contains(where: \.isNaN) ? .infinity : differences.max() ?? 0)
  }
}
