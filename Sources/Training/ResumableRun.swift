import Backbones
import Foundation
import Study
import Support
import Torch

/// A run that goes on where it was interrupted: by a signal, a power cut or a full disk.
///
/// While a run is incomplete its folder holds `resume.json` (what it belongs to), `resume.csv` (the predictions of the
/// finished folds) and `resume.safetensors` (the fold in progress). A fold's log and predictions are written before the
/// file that says so; `predictions.csv` makes a run complete, and `resume.json` goes once its report is there too.
struct ResumableRun {
  /// The run's folder.
  let run: Run
  /// The predictions of the finished folds.
  private(set) var predictions: [Prediction]
  /// The number of finished folds.
  private(set) var finishedFolds: Int

  private struct Identity: Codable {
    let key: String
    var finishedFolds: Int
  }

  private let key: String
  private var identityFile: URL { run.url.appendingPathComponent("resume.json") }
  private var finishedFile: URL { run.url.appendingPathComponent("resume.csv") }
  private var checkpointFile: URL { run.url.appendingPathComponent("resume.safetensors") }

  /// Opens the interrupted run of `key` in `study`, or makes a new one.
  ///
  /// - Parameters:
  ///   - study: the study that the run belongs to.
  ///   - key: a hash of all that the results depend on.
  ///   - name: the name of a new run.
  ///   - date: when a new run is said to begin.
  /// - Throws: `StudyError` where the study cannot be read or written.
  init(in study: StudyFolder, key: String, name: String, date: Date = Date()) throws {
    try self.init(
      at: Self.interrupted(in: study, key: key) ?? Run.create(in: study, name: name, date: date), key: key)
  }

  /// Goes on in the folder of `run`, or begins there: what is there of another key, which is no complete run, is removed.
  ///
  /// - Throws: `StudyError` where the folder cannot be read or written.
  init(at run: Run, key: String) throws {
    self.key = key
    self.run = run
    if let identity = Self.identity(of: run), identity.key == key {
      let finished = identity.finishedFolds
      finishedFolds = finished
      let file = run.isComplete ? run.predictionsFile : run.url.appendingPathComponent("resume.csv")
      predictions = finished > 0 ? try PredictionTable.read(file) : []
      // A fold that finished just before the interruption may have its predictions here and not be counted yet.
      predictions.removeAll { $0.fold >= finished }
      AtomicFile.removeAbandoned(in: run.url)
      try forgetUnfinishedEpochs()
    } else {
      finishedFolds = 0
      predictions = []
      for file in [run.logFile, finishedFile, checkpointFile] { try? FileManager.default.removeItem(at: file) }
      try AtomicFile.writeJSON(Identity(key: key, finishedFolds: 0), to: identityFile)
    }
  }

  /// Whether anything of the run was there already.
  var isResumed: Bool { finishedFolds > 0 || FoldCheckpoint.position(in: checkpointFile) != nil }

  private static func interrupted(in study: StudyFolder, key: String) -> Run? {
    (Run.incomplete(in: study) + Run.complete(in: study)).first { identity(of: $0)?.key == key }
  }

  private static func identity(of run: Run) -> Identity? {
    try? run.readJSON(Identity.self, from: run.url.appendingPathComponent("resume.json"))
  }

  /// Keeps of the log what the checkpoint stands for; what came after it is done again.
  private func forgetUnfinishedEpochs() throws {
    let position = FoldCheckpoint.position(in: checkpointFile)
    let kept = try run.epochs().filter { epoch in
      if epoch.fold < finishedFolds { return true }
      guard let position, position.fold == finishedFolds else { return false }
      return epoch.fold == position.fold && epoch.epoch <= position.epoch
    }
    try run.replaceLog(by: kept)
  }

  /// The checkpoint of a fold that is in progress.
  func checkpoint(fold: Int) -> FoldCheckpoint { FoldCheckpoint(url: checkpointFile, fold: fold) }

  /// Counts a fold as finished, with its predictions.
  mutating func finish(fold: Int, _ foldPredictions: [Prediction]) throws {
    predictions += foldPredictions
    try PredictionTable.write(predictions, to: finishedFile)
    finishedFolds = fold + 1
    try AtomicFile.writeJSON(Identity(key: key, finishedFolds: finishedFolds), to: identityFile)
  }

  /// Makes the run complete, and lets go of it once `finishing` has made what belongs to it, such as its report: where that is
  /// interrupted, the same command takes the run up again.
  func complete(_ manifest: Run.Manifest, finishing: (Run) throws -> Void) throws -> Run {
    if !run.isComplete {
      try AtomicFile.writeJSON(manifest, to: run.manifestFile)
      try PredictionTable.write(predictions, to: run.predictionsFile)
    }
    for file in [finishedFile, checkpointFile] { try? FileManager.default.removeItem(at: file) }
    try finishing(run)
    Self.letGo(of: run)
    return run
  }

  /// Forgets that a complete run was in progress.
  static func letGo(of run: Run) {
    try? FileManager.default.removeItem(at: run.url.appendingPathComponent("resume.json"))
  }
}
