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
  ///   - finished: told each run as it is complete.
  /// - Returns: the runs, in the order of the batch sizes.
  /// - Throws: what a cross-validation throws, and what `finished` throws; what is complete by then stays.
  public func run(
    prepared: (CrossValidation) -> Void, progress: (TrainingProgress) -> Void, finished: (Run) throws -> Void
  ) throws -> [Run] {
    let file = study.reportsFolder.appendingPathComponent("sweep-in-progress.json")
    var done = (try? JSONDecoder().decode(Progress.self, from: Data(contentsOf: file))) ?? Progress()
    var runs: [Run] = []
    for batchSize in settings.sweep.batchSizes {
      var member = settings
      member.training.batchSize = batchSize
      let validation = try CrossValidation(study, protocol: member, options: options)
      let key = try validation.key
      if let id = done.runs[key], let run = try? Run.open(id, in: study) {
        runs.append(run)
      } else {
        prepared(validation)
        let run = try validation.run(progress: progress)
        done.runs[key] = run.id
        try AtomicFile.writeJSON(done, to: file)
        runs.append(run)
      }
      if let run = runs.last { try finished(run) }
    }
    try? FileManager.default.removeItem(at: file)
    return runs
  }
}
