public import Foundation
import Study
public import Support

extension Run {
  /// Opens the finished run in `folder`, wherever that lies: no study is needed around it.
  ///
  /// - Throws: `StudyError` of kind `.run` where that is no run, or one that was not finished.
  public static func open(at folder: URL) throws(StudyError) -> Run {
    let run = Run(id: folder.standardizedFileURL.lastPathComponent, url: folder)
    func has(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }
    guard has(run.protocolFile), has(run.foldsFile) else {
      throw StudyError(
        .run,
        "\(folder.path) is not a run: expected the folder `runs/<id>` of a study, with protocol.yaml and folds.json in it"
      )
    }
    guard has(run.predictionsFile), has(run.manifestFile) else {
      throw StudyError(
        .run, "the run \(run.id) was started and not finished; start `renalgrade crossvalidate` on its study again")
    }
    return run
  }

  /// A part of the run that is trained on its own, such as a control: a folder inside of the run's.
  ///
  /// It is made where it is not there. No listing of runs shows it, so it is never mistaken for a run.
  public func part(_ path: String) throws(StudyError) -> Run {
    let part = Run(id: "\(id)/\(path)", url: url.appendingPathComponent(path))
    do {
      try FileManager.default.createDirectory(at: part.url, withIntermediateDirectories: true)
    } catch {
      throw StudyError(.file, "cannot make the folder \(part.url.path): \(error.localizedDescription)")
    }
    return part
  }

  /// A file that one of the run's own files names, which must lie within the run's folder.
  ///
  /// - Throws: `StudyError` of kind `.run` where it would not.
  public func file(_ path: String, namedBy list: String) throws(StudyError) -> URL {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard !path.hasPrefix("/"), !parts.contains(".."), !parts.contains("") else {
      throw StudyError(.run, "\(list) names a file outside of the run's folder: \(path)")
    }
    return url.appendingPathComponent(path)
  }
}
