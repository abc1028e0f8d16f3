import Backbones
import Foundation
import Study
import Torch

/// A run that goes on where it was interrupted: by a signal, a power cut or a full disk.
///
/// While a run is incomplete its folder holds `resume.json` (what it belongs to), `resume.csv` (the predictions of the
/// finished folds) and `resume.safetensors` (the fold in progress). A fold's log and predictions are written before the
/// file that says so, and `predictions.csv`, which makes a run complete, comes last.
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
  /// - Throws: `StudyError` where the study cannot be read or written.
  init(in study: StudyFolder, key: String, name: String) throws {
    self.key = key
    if let (run, finished) = Self.interrupted(in: study, key: key) {
      self.run = run
      finishedFolds = finished
      predictions = finished > 0 ? try PredictionTable.read(run.url.appendingPathComponent("resume.csv")) : []
      // A fold that finished just before the interruption may have its predictions here and not be counted yet.
      predictions.removeAll { $0.fold >= finished }
      removeUnfinishedFiles()
      try forgetUnfinishedEpochs()
    } else {
      run = try Run.create(in: study, name: name)
      finishedFolds = 0
      predictions = []
      try AtomicFile.writeJSON(Identity(key: key, finishedFolds: 0), to: identityFile)
    }
  }

  /// Whether anything of the run was there already.
  var isResumed: Bool { finishedFolds > 0 || FoldCheckpoint.position(in: checkpointFile) != nil }

  private static func interrupted(in study: StudyFolder, key: String) -> (Run, Int)? {
    for run in Run.incomplete(in: study) {
      let url = run.url.appendingPathComponent("resume.json")
      if let identity = try? run.readJSON(Identity.self, from: url), identity.key == key {
        return (run, identity.finishedFolds)
      }
    }
    return nil
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

  /// Removes what a killed process was about to put in its place.
  private func removeUnfinishedFiles() {
    let files = FileManager.default.enumerator(at: run.url, includingPropertiesForKeys: nil)
    for case let file as URL in files ?? .init() where file.pathExtension == "partial" {
      try? FileManager.default.removeItem(at: file)
    }
  }

  /// Counts a fold as finished, with its predictions.
  mutating func finish(fold: Int, _ foldPredictions: [Prediction]) throws {
    predictions += foldPredictions
    try PredictionTable.write(predictions, to: finishedFile)
    finishedFolds = fold + 1
    try AtomicFile.writeJSON(Identity(key: key, finishedFolds: finishedFolds), to: identityFile)
  }

  /// Makes the run complete.
  func complete(_ manifest: Run.Manifest) throws -> Run {
    try AtomicFile.writeJSON(manifest, to: run.manifestFile)
    try PredictionTable.write(predictions, to: run.predictionsFile)
    for file in [identityFile, finishedFile, checkpointFile] { try? FileManager.default.removeItem(at: file) }
    return run
  }
}
