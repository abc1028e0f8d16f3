import Foundation
import Study
import Support

/// What an import of a cohort has read so far, patient by patient, so that an interrupted one can resume.
///
/// It is in the study's folder `.cohort` until the import is finished. An entry is valid while the patient's files are
/// unchanged and the study has the slices made from them.
struct CohortJournal {
  private struct Entry: Codable {
    /// SHA-256 of what was read and how.
    let stamp: String
    /// The slices of each series, by SeriesInstanceUID.
    let series: [String: Int]
    let patient: CohortPatient
  }

  private let folder: URL
  private let held: [String: Int]

  /// `held` are the numbers of slices that the study holds, by SeriesInstanceUID.
  init(_ folder: URL, held: [String: Int]) {
    self.folder = folder
    self.held = held
  }

  /// What was read of a patient; nil where it must be read again.
  func patient(_ entry: CohortEntry, stamp: [String]) -> CohortPatient? {
    // A file that cannot be read costs no more than reading the patient again.
    guard let data = try? Data(contentsOf: file(of: entry)),
      let found = try? JSONDecoder().decode(Entry.self, from: data),
      found.stamp == Self.digest(stamp), found.series.allSatisfy({ held[$0.key] == $0.value })
    else { return nil }
    return found.patient
  }

  /// Keeps what was read of a patient, whose volumes lie as slices in the folder `staged`, before the study takes them.
  ///
  /// - Throws: `StudyError` where it cannot be written.
  func keep(_ patient: CohortPatient, of entry: CohortEntry, stamp: [String], staged: URL) throws(StudyError) {
    let files = FileManager.default
    var series: [String: Int] = [:]
    do {
      try files.createDirectory(at: folder, withIntermediateDirectories: true)
      if files.fileExists(atPath: staged.path) {
        for uid in try files.contentsOfDirectory(atPath: staged.path) {
          series[uid] = try files.contentsOfDirectory(atPath: staged.appendingPathComponent(uid).path).count
        }
      }
    } catch {
      throw StudyError(.file, "\(folder.path) cannot be written: \(error.localizedDescription)")
    }
    try AtomicFile.writeJSON(Entry(stamp: Self.digest(stamp), series: series, patient: patient), to: file(of: entry))
  }

  /// The size and time of each file, for a stamp.
  static func stamp(ofFiles urls: [URL]) -> [String] {
    urls.map { url in
      let values = try? url.resourceValues(forKeys: [.fileSizeKey, .contentModificationDateKey])
      let time = values?.contentModificationDate?.timeIntervalSince1970
      return "\(url.path) \(values?.fileSize ?? -1) \(time ?? -1)"
    }
  }

  private static func digest(_ stamp: [String]) -> String { Data(stamp.joined(separator: "\n").utf8).sha256 }

  private func file(of entry: CohortEntry) -> URL {
    folder.appendingPathComponent("\(Data(entry.patientID.utf8).sha256.prefix(32)).json")
  }
}
