import Foundation
import Study
import Support

/// A run that continues where it was interrupted: by a signal, a power cut or a full disk.
///
/// While a run is in progress its folder holds `resume.json`, which says what it belongs to. Its fold jobs know by themselves how
/// far they are. `predictions.csv` makes a run complete, and `resume.json` goes once its report is there too.
struct RunInProgress: Sendable {
  /// The run's folder.
  let run: Run

  private struct Identity: Codable {
    let key: String
  }

  /// Opens the interrupted run of `key` in `study`, or makes a new one.
  ///
  /// - Parameters:
  ///   - study: the study that the run belongs to.
  ///   - key: a hash of all that the results depend on.
  ///   - name: the name of a new run.
  ///   - date: when a new run is said to begin.
  /// - Throws: `StudyError` where the study cannot be read or written.
  init(in study: StudyFolder, key: String, name: String, date: Date = Date()) throws(StudyError) {
    let begun = try Self.first(Run.incomplete(in: study) + Run.complete(in: study), of: key)
    if let begun {
      try self.init(at: begun, key: key)
    } else {
      try self.init(at: Run.create(in: study, name: name, date: date), key: key)
    }
  }

  /// Goes on in the folder of `run`, or begins there: what is there of another key, which is no complete run, is removed.
  ///
  /// - Throws: `StudyError` where the folder cannot be read or written.
  init(at run: Run, key: String) throws(StudyError) {
    self.run = run
    if try Self.key(of: run) == key {
      AtomicFile.removeAbandoned(in: run.url)
      return
    }
    for file in [run.logFile, run.foldsFolder] where FileManager.default.fileExists(atPath: file.path) {
      do {
        try FileManager.default.removeItem(at: file)
      } catch {
        throw StudyError(.file, "cannot remove \(file.path): \(error.localizedDescription)")
      }
    }
    try AtomicFile.writeJSON(Identity(key: key), to: Self.file(of: run))
  }

  private static func file(of run: Run) -> URL { run.url.appendingPathComponent("resume.json") }

  /// The first run in progress that belongs to `key`; nil where there is none.
  private static func first(_ runs: [Run], of key: String) throws(StudyError) -> Run? {
    for run in runs where try Self.key(of: run) == key { return run }
    return nil
  }

  /// What a run in progress belongs to; nil where it is none.
  ///
  /// - Throws: `StudyError` of kind `.run` where the file that says so is damaged: a kill leaves it whole, or not there.
  private static func key(of run: Run) throws(StudyError) -> String? {
    do {
      return try run.readJSONIfPresent(Identity.self, from: file(of: run))?.key
    } catch {
      throw StudyError(
        .run,
        "\(error.description). Whether the run can be continued is unknown: remove the folder \(run.url.path), and it is made again"
      )
    }
  }

  /// Forgets that a run was in progress, once all that belongs to it is there.
  static func letGo(of run: Run) { try? FileManager.default.removeItem(at: file(of: run)) }
}
