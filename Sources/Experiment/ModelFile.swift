public import Foundation
public import Support

/// `model.json` in a fold job's folder: a model that is small enough to be read by people.
public enum ModelFile {
  /// Keeps a model.
  ///
  /// - Throws: `StudyError` of kind `.file` where it cannot be written.
  public static func write(_ model: some Encodable, to folder: URL) throws(StudyError) {
    try AtomicFile.writeJSON(model, to: url(in: folder))
  }

  /// Reads a model that was kept.
  ///
  /// - Throws: `StudyError` of kind `.run` where it is not there or damaged.
  public static func read<Model: Decodable>(_ type: Model.Type, from folder: URL) throws(StudyError) -> Model {
    guard FileManager.default.fileExists(atPath: url(in: folder).path) else {
      throw StudyError(
        .run,
        "the run keeps no model \(name(folder)). Copy the run's folder whole from its study; a run that chose among protocols "
          + "(nested --protocol) and a run of an early version keep none")
    }
    do {
      return try JSONDecoder().decode(type, from: Data(contentsOf: url(in: folder)))
    } catch {
      throw StudyError(
        .run,
        "the model \(name(folder)) cannot be read: \(error.localizedDescription) Copy the run's folder whole from its study"
      )
    }
  }

  /// What to say of a model that is not that of the fold job.
  public static func another(_ folder: URL, expected: String, found: String) -> StudyError {
    StudyError(.run, "the model \(name(folder)) does not fit: expected \(expected), found \(found)")
  }

  private static func url(in folder: URL) -> URL { folder.appendingPathComponent("model.json") }

  private static func name(_ folder: URL) -> String { "\(folder.lastPathComponent)/model.json" }
}
