import Foundation
import Study
import Support

/// The fold jobs of one cross-validation in the folder of a run or of a part of one, and the run that they are merged to.
struct FoldPlan: Sendable {
  let validation: CrossValidation
  let run: Run
  /// The jobs, fold by fold.
  let tasks: [FoldTask]
  /// The preparation of each fold's learner, for others to share.
  let prepared: [any PreparedLearner]
  private let threads: Int
  private let start = ContinuousClock.now
  private let isResumed: Bool

  /// How much work the jobs are, in examples seen.
  var work: Int { tasks.reduce(0) { $0 + $1.work } }

  /// Makes ready what the jobs take.
  ///
  /// - Parameters:
  ///   - validation: the cross-validation.
  ///   - run: the folder.
  ///   - threads: how many threads each operation takes.
  ///   - title: what the jobs' titles begin with.
  ///   - keepsModels: whether the models are kept.
  ///   - others: preparations of the same experiment, which may serve here too.
  ///   - progress: told how far the preparation is.
  /// - Throws: what keeps a learner from being made ready.
  init(
    _ validation: CrossValidation, in run: Run, _ threads: Int, title: String = "", keepsModels: Bool = true,
    sharing others: [any PreparedLearner], progress: (ExperimentProgress) -> Void
  ) throws {
    self.validation = validation
    self.run = run
    self.threads = threads
    isResumed = FileManager.default.fileExists(atPath: run.foldFolder(0).path)
    let prepared = try validation.prepared(sharing: others, progress: progress)
    tasks = try validation.jobs(threads).enumerated().map { fold, job in
      FoldTask(
        title: "\(title)fold \(fold + 1)/\(validation.split.count)", job: job,
        folder: FoldJobFolder(url: run.foldFolder(fold)), examples: validation.examples, split: validation.split,
        learner: validation.learner(ofFold: fold), prepared: prepared[fold], keepsModel: keepsModels)
    }
    self.prepared = prepared
  }

  /// Makes one run of the jobs' results, which makes it complete.
  ///
  /// `completing` is given the predictions before anything says that the run is complete.
  /// - Throws: `StudyError` where a job's results are missing, damaged or another's, or not one for each example.
  func merge(completing: ([Prediction]) throws -> Void = { _ in }) throws {
    guard !run.isComplete else { return }
    var predictions: [Prediction] = []
    var epochs: [Run.Epoch] = []
    for task in tasks {
      guard try task.folder.job() == task.job else {
        throw StudyError(
          .run,
          "the results in \(task.folder.url.lastPathComponent) of run \(run.id) are those of another fold job; remove the run's "
            + "folder and start it again")
      }
      predictions += try PredictionTable.read(task.folder.predictionsFile)
      epochs += try task.folder.log.epochs()
    }
    try requireEachPredictedOnce(predictions)
    try completing(predictions)
    if !epochs.isEmpty { try EpochLog(run.logFile).replace(by: epochs) }
    var manifest = try validation.manifest(threads)
    manifest.duration = start.duration(to: .now).seconds
    manifest.isResumed = isResumed
    try AtomicFile.writeJSON(manifest, to: run.manifestFile)
    try PredictionTable.write(predictions, to: run.predictionsFile)
  }

  /// Merges the jobs into a run, with what stands beside it, and lets go of the run once `finishing` has made its report.
  func complete(completing: ([Prediction]) throws -> Void = { _ in }, _ finishing: (Run) throws -> Void) throws {
    try merge(completing: completing)
    try Baselines.write(for: run)
    try finishing(run)
    RunInProgress.letGo(of: run)
  }

  /// The promise of a cross-validation, checked on what is about to be written.
  private func requireEachPredictedOnce(_ predictions: [Prediction]) throws(StudyError) {
    let (examples, split) = (validation.examples, validation.split)
    let expected = examples.examples.indices.compactMap { index in
      split.folds[index].map { fold in
        examples.examples[index].name + ["\(fold)", examples.classes[index].rawValue]
      }
    }
    let found = predictions.map { [$0.patient, $0.lesion, $0.slice, "\($0.fold)", $0.label.rawValue] }
    guard Set(expected) == Set(found), expected.count == found.count else {
      throw StudyError(
        .folds,
        "not every example has exactly one prediction by the fold that holds its patient out; nothing was reported.  "
          + "Remove the run's folder and start it again.")
    }
  }
}

/// `examples.csv`: what was learnt from, one row an example.
enum ExampleTable {
  static func text(_ examples: ExampleSet, _ split: Split) -> String {
    examples.examples.indices.reduce("patient,lesion,slice,reader,phases,label,fold\n") { text, index in
      let example = examples.examples[index]
      let cells = [
        example.patient.csvCell, example.lesion.csvCell, example.slice.csvCell, example.reader.csvCell,
        example.phases.map(\.rawValue).joined(separator: " "), examples.classes[index].rawValue,
        split.folds[index].map(String.init) ?? "",
      ]
      return text + cells.joined(separator: ",") + "\n"
    }
  }
}
