import Foundation
import Study
import Support

/// The complete runs of an experiment that makes several, by what each depends on: the file by which it continues.
struct FinishedRuns: Codable {
  /// Each run's name by the key of its cross-validation.
  var runs: [String: String] = [:]

  /// Reads the file; none where it is not there.
  ///
  /// - Throws: `StudyError` of kind `.run` where it is damaged.
  static func read(_ file: URL) throws(StudyError) -> FinishedRuns {
    guard FileManager.default.fileExists(atPath: file.path) else { return FinishedRuns() }
    do {
      return try JSONDecoder().decode(FinishedRuns.self, from: Data(contentsOf: file))
    } catch {
      throw StudyError(
        .run,
        "\(file.path), which lists the runs that are complete, is damaged (\(error.localizedDescription)); remove it, and they "
          + "are made again")
    }
  }

  /// The complete run of a key; nil where there is none, or it was removed since.
  func run(_ key: String, in study: StudyFolder) -> Run? {
    guard let id = runs[key], let run = try? Run.open(id, in: study) else { return nil }
    RunInProgress.letGo(of: run)
    return run
  }
}
