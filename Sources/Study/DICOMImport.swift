import Crypto
import DICOM
public import Foundation
import GRDB

/// Takes the CT slices of a folder into the study.
///
/// What is not a readable CT image is listed and left; a patient whose files contradict one another is set aside; the rest
/// goes on. Importing the same folder again changes nothing, importing another one adds to the study.
public enum DICOMImport {
  /// What an import did.
  public struct Summary: Equatable, Sendable {
    /// Patients that the study now has.
    public var patients = 0
    /// Series taken over by this import.
    public var series = 0
    /// Slices taken over by this import.
    public var slices = 0
    /// Entries listed as set aside or remarked on by this import.
    public var setAside = 0
    /// Whether any file does not state that the patient's identity was removed.
    public var identityNotRemoved = false
  }

  /// Imports every CT slice below `folder`.
  ///
  /// - Throws: `StudyError` where the folder cannot be read or the study not be written; the study is then as before.
  public static func run(
    _ folder: URL, into study: StudyFolder, progress: (@Sendable (Int, Int) -> Void)? = nil
  ) throws(StudyError) -> Summary {
    let patientIDs = try study.readProtocol().pathology.patientIDs
    let scan = try DICOMScan(folder, progress: progress)
    let plan = ImportPlan(scan, rootName: folder.standardizedFileURL.lastPathComponent)
    for series in plan.series {
      for slice in series.slices { try copy(slice.frame.url, to: study.url.appendingPathComponent(slice.path)) }
    }
    return try study.write { database in
      var summary = Summary(identityNotRemoved: scan.frames.contains { !$0.attributes.patientIdentityRemoved })
      var entries = plan.remarks
      var codes: [String: String] = [:]
      for sourceID in plan.patientIDs {
        codes[sourceID] = try code(for: sourceID, patientIDs, database)
      }
      for series in plan.series {
        guard let patient = try Patient.filter(Column("sourceID") == series.patientID).fetchOne(database) else {
          continue
        }
        let added = try insert(series, of: patient, database, &entries)
        summary.slices += added
        summary.series += added > 0 ? 1 : 0
      }
      let setAside = entries.map { entry in
        SetAside(
          stage: .dicom, source: folder.path, patientCode: entry.patientID.flatMap { codes[$0] },
          excludes: entry.excludes,
          subject: entry.subject, reason: entry.reason)
      }
      if scan.frames.contains(where: \.attributes.isSynthetic) {
        try Setting(key: StudyFolder.syntheticKey, value: "yes").save(database)
      }
      try database.replaceSetAside(of: .dicom, from: folder.path, with: setAside)
      summary.setAside = setAside.count
      summary.patients = try Patient.fetchCount(database)
      return summary
    }
  }

  private static func code(
    for sourceID: String, _ patientIDs: StudyProtocol.Pathology.PatientIDs, _ database: Database
  ) throws -> String {
    if let known = try Patient.filter(Column("sourceID") == sourceID).fetchOne(database) { return known.code }
    let number = try Patient.fetchCount(database) + 1
    let digits = String(number)
    let invented = "case-" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    var patient = Patient(id: nil, code: patientIDs == .codes ? sourceID : invented, sourceID: sourceID)
    try patient.insert(database)
    return patient.code
  }

  /// Adds a series' slices that the study lacks; returns how many.
  private static func insert(
    _ planned: ImportPlan.PlannedSeries, of patient: Patient, _ database: Database, _ entries: inout [ImportPlan.Remark]
  ) throws -> Int {
    guard let patientId = patient.id else { return 0 }
    let known = try Exam.filter(Column("studyInstanceUID") == planned.studyInstanceUID).fetchOne(database)
    if let known, known.patientId != patientId {
      entries.append(
        .init(
          patientID: planned.patientID, excludes: true, subject: "study \(planned.studyInstanceUID)",
          reason: "this exam belongs to another patient of the study already; one of the two PatientIDs is wrong"))
      return 0
    }
    var exam = known ?? Exam(id: nil, patientId: patientId, studyInstanceUID: planned.studyInstanceUID)
    if exam.id == nil { try exam.insert(database) }
    guard let examId = exam.id else { return 0 }
    let uid = planned.seriesInstanceUID
    var series =
      try Series.filter(Column("seriesInstanceUID") == uid).fetchOne(database)
      ?? Series(id: nil, examId: examId, seriesInstanceUID: uid, description: planned.description)
    if series.id == nil { try series.insert(database) }
    guard let seriesId = series.id else { return 0 }
    var added = 0
    for (ordinal, slice) in planned.slices.enumerated() {
      let attributes = slice.frame.attributes
      let present = SliceRecord.filter(
        Column("sopInstanceUID") == attributes.sopInstanceUID && Column("frame") == slice.frame.frame)
      if try !present.isEmpty(database) { continue }
      var record = SliceRecord(
        id: nil, seriesId: seriesId, sopInstanceUID: attributes.sopInstanceUID, frame: slice.frame.frame,
        path: slice.path,
        ordinal: ordinal, columns: attributes.columns, rows: attributes.rows, rowSpacing: attributes.pixelSpacing?.row,
        columnSpacing: attributes.pixelSpacing?.column)
      try record.insert(database)
      added += 1
    }
    return added
  }

  private static func copy(_ source: URL, to target: URL) throws(StudyError) {
    let files = FileManager.default
    if files.fileExists(atPath: target.path) {
      guard !files.contentsEqual(atPath: source.path, andPath: target.path) else { return }
      throw StudyError(
        .file,
        "\(source.lastPathComponent) has the SOP Instance UID of a slice that the study holds already, with other "
          + "contents. Nothing was overwritten; import it into a study of its own, or remove one of the two.")
    }
    let temporary = target.deletingLastPathComponent().appendingPathComponent(".\(target.lastPathComponent).partial")
    do {
      try files.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
      try? files.removeItem(at: temporary)
      try files.copyItem(at: source, to: temporary)
      try files.moveItem(at: temporary, to: target)
    } catch {
      try? files.removeItem(at: temporary)
      throw StudyError(
        .file,
        "cannot copy \(source.lastPathComponent) into the study: \(error.localizedDescription). "
          + "The study is as it was; make room, then import again: what is copied already is not copied twice.")
    }
  }
}
