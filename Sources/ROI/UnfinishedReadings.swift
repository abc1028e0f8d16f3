import Annotation
import GRDB
import Study

/// Readings on the page that ROIs are made of although their reader has not finished them.
enum UnfinishedReadings {
  /// A remark for each exam whose outlines come from a case that is open.
  static func remarks(on candidates: [ROIPlan.Candidate], _ database: Database) throws -> [SetAside] {
    let open = Set(
      try Reading.fetchAll(database, sql: "SELECT * FROM reading WHERE occasion = 1 AND state = 'open'")
        .map { [$0.studyInstanceUID, $0.reader] })
    guard !open.isEmpty else { return [] }
    let used = Dictionary(grouping: candidates) { [$0.place.studyInstanceUID, $0.reader] }
    return used.filter { open.contains($0.key) }.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map {
      name, found in
      SetAside(
        stage: .rois, patientCode: found[0].place.patientCode, excludes: false, subject: "the reading by \(name[1])",
        reason: reason)
    }
  }

  /// What a remark says.
  static let reason =
    "its case is still open, and its outlines are used as they are now; let the reader finish the case, then run `renalgrade rois build`"
}
