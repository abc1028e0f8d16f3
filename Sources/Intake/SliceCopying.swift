import Foundation
import Study
import Synchronization
import Support

/// Copies the files of an import into the study's folder.
enum SliceCopying {
  /// Copies each file once, several series at a time; a series with an unreadable file is not copied, and its patient
  /// excluded.
  static func copyFiles(
    of series: [ImportPlan.PlannedSeries], into study: URL
  ) throws(StudyError) -> (copied: [ImportPlan.PlannedSeries], remarks: [ImportPlan.Remark]) {
    let hasFailed = Atomic(false)
    let outcomes = ParallelMap.run(series, chunk: 1) { planned -> Result<String?, StudyError> in
      // Where one file cannot be written, no other series is begun.
      guard !hasFailed.load(ordering: .relaxed) else { return .success(nil) }
      do throws(StudyError) {
        return .success(try unreadableFile(copying: planned, into: study))
      } catch {
        hasFailed.store(true, ordering: .relaxed)
        return .failure(error)
      }
    }
    var copied: [ImportPlan.PlannedSeries] = []
    var remarks: [ImportPlan.Remark] = []
    for (planned, outcome) in zip(series, outcomes) {
      if let unreadable = try outcome.get() {
        remarks.append(
          .init(
            patientID: planned.patientID, excludes: true, subject: unreadable,
            reason: "the file can no longer be read; check the disk and import again"))
      } else {
        copied.append(planned)
      }
    }
    return (copied, remarks)
  }

  /// Copies a series' files until one cannot be read, whose name for a remark is given back.
  private static func unreadableFile(
    copying series: ImportPlan.PlannedSeries, into study: URL
  ) throws(StudyError) -> String? {
    var done: Set<String> = []
    var folders: Set<URL> = []
    for slice in series.slices where done.insert(slice.path).inserted {
      guard let source = slice.source else { continue }
      let target = study.appendingPathComponent(slice.path)
      // An import that was cut short has left whole copies, which need not be made again.
      if FileManager.default.fileExists(atPath: target.path), FileContents.areEqual(source, target) { continue }
      if try !copy(source, to: target) { return slice.subject }
      folders.insert(target.deletingLastPathComponent())
    }
    for folder in folders { try AtomicFile.synchronize(folder: folder) }
    return nil
  }

  /// Copies `source` whole or not at all; false where it cannot be read, an error where `target` cannot be written.
  ///
  /// The target's folder is left for the caller to synchronize.
  private static func copy(_ source: URL, to target: URL) throws(StudyError) -> Bool {
    let input = open(source.path, O_RDONLY | O_CLOEXEC)
    guard input >= 0 else { return false }
    defer { close(input) }
    let folder = target.deletingLastPathComponent()
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw StudyError(
        .file,
        "cannot make the folder \(folder.path): \(error.localizedDescription). The study is unchanged; make room or fix "
          + "the permissions, then import again.")
    }
    let output = try AtomicFile.Writer(target)
    var piece = Data(count: 1 << 20)
    while true {
      let count = piece.withUnsafeMutableBytes { read(input, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { return false }
      guard count > 0 else { break }
      try output.append(piece.prefix(count))
    }
    try output.finish(synchronizeFolder: false)
    return true
  }

  /// Removes what killed imports left in a study: unfinished files, and scratch folders except those to keep.
  static func removeLeftovers(in study: StudyFolder, keeping kept: [String] = []) {
    for name in [scratchName, cohortScratchName] where !kept.contains(name) {
      try? FileManager.default.removeItem(at: study.url.appendingPathComponent(name))
    }
    AtomicFile.removeAbandoned(in: study.dicomFolder)
    AtomicFile.removeAbandoned(in: study.url.appendingPathComponent("cohort"))
  }

  /// The folder in a study that archives are unpacked into.
  static let scratchName = ".import"
  /// The folder in a study in which volumes become slices.
  static let cohortScratchName = ".cohort"
}
