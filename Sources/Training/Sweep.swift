import Foundation
public import Study

/// The paper's comparison of batch sizes: one cross-validation each, on the same folds, seeds and stored features.
public struct Sweep {
  let study: StudyFolder
  let settings: StudyProtocol
  let options: CrossValidation.Options

  /// The finished members of an interrupted sweep, by what each depends on.
  private struct Progress: Codable {
    var runs: [String: String] = [:]
  }

  /// Prepares the sweep over `settings.sweep.batchSizes`.
  public init(_ study: StudyFolder, protocol settings: StudyProtocol, options: CrossValidation.Options) {
    self.study = study
    self.settings = settings
    self.options = options
  }

  /// Cross-validates at each batch size; an interrupted sweep goes on where it was.
  ///
  /// - Parameters:
  ///   - prepared: told each cross-validation before it begins.
  ///   - progress: told how far the one in progress is.
  ///   - finishing: given each run as it is complete, to make its report.
  ///   - completing: given all runs, in the order of the batch sizes, to make what they have in common; until it has, the sweep
  ///     counts as interrupted.
  /// - Throws: what a cross-validation throws, and what the last two throw; what is complete by then stays.
  public func run(
    prepared: (CrossValidation) -> Void, progress: (TrainingProgress) -> Void, finishing: (Run) throws -> Void,
    completing: ([Run]) throws -> Void
  ) throws {
    let file = study.reportsFolder.appendingPathComponent("sweep-in-progress.json")
    var done = (try? JSONDecoder().decode(Progress.self, from: Data(contentsOf: file))) ?? Progress()
    let experiment = try CrossValidation(study, protocol: settings, options: options)
    var features: FeatureSource?
    var runs: [Run] = []
    for batchSize in settings.sweep.batchSizes {
      let member = experiment.with(batchSize: batchSize)
      let key = try member.key
      if let id = done.runs[key], let run = try? Run.open(id, in: study) {
        ResumableRun.letGo(of: run)
        runs.append(run)
        continue
      }
      prepared(member)
      runs.append(
        try member.run(sharing: &features, progress: progress) { run in
          try finishing(run)
          done.runs[key] = run.id
          try AtomicFile.writeJSON(done, to: file)
        })
    }
    try completing(runs)
    try? FileManager.default.removeItem(at: file)
  }
}
