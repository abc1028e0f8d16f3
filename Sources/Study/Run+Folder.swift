public import Foundation

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
        "\(folder.path) is no run: expected the folder `runs/<id>` of a study, with protocol.yaml and folds.json in it")
    }
    guard has(run.predictionsFile), has(run.manifestFile) else {
      throw StudyError(
        .run, "the run \(run.id) was begun and not finished; start `renalgrade crossvalidate` on its study again")
    }
    return run
  }
}

extension Run.Manifest {
  /// The value of a fact; nil where the manifest does not state it.
  public subscript(_ name: String) -> String? { facts.first { $0.name == name }?.value }
}
