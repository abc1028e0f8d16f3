public import Foundation
import GRDB
public import Support
import Synchronization

/// Takes the CT slices of a folder or a zip archive into the study.
///
/// What is not a readable CT image is listed and left; a patient whose files contradict one another, or what the study holds,
/// is set aside; the rest goes on. Importing the same folder again changes nothing, importing another one adds to the study.
public enum DICOMImport {
  /// What an import did.
  public struct Summary: Equatable, Sendable {
    /// Patients that the study now has.
    public var patients = 0
    /// Series to which this import added slices.
    public var series = 0
    /// Slices taken over by this import.
    public var slices = 0
    /// Entries listed as set aside or remarked on by this import.
    public var setAside = 0
    /// Whether any file does not state that the patient's identity was removed.
    public var identityNotRemoved = false
  }

  /// Imports every CT slice below a folder or in a zip archive.
  ///
  /// An archive is unpacked into the study's folder, and what was unpacked removed in the end, so that the disk must have
  /// room for it twice.
  /// - Throws: `StudyError` where the source cannot be read or the study not be written; the study is then as before.
  public static func run(
    _ source: URL, into study: StudyFolder, progress: (@Sendable (Int, Int) -> Void)? = nil
  ) throws(StudyError) -> Summary {
    let patientIDs = try study.readProtocol().pathology.patientIDs
    let scratch = study.url.appendingPathComponent(".import")
    // What an import left that was cut short.
    try? FileManager.default.removeItem(at: scratch)
    defer { try? FileManager.default.removeItem(at: scratch) }
    let file = source.standardizedFileURL.resolvingSymlinksInPath()
    let isArchive = (try? file.resourceValues(forKeys: [.isRegularFileKey]))?.isRegularFile == true
    let archive = isArchive ? try DICOMArchive(file, unpackedInto: scratch) : nil
    let scan: DICOMScan
    if let archive {
      scan = DICOMScan(archive.files, progress: progress)
    } else {
      scan = try DICOMScan(source, progress: progress)
    }
    let plan = ImportPlan(
      scan, rootName: archive?.rootName ?? source.standardizedFileURL.lastPathComponent,
      held: try HeldSlice.all(in: study), study: study.url)
    let (copied, unreadable) = try copyFiles(of: plan.series, into: study.url)
    return try study.write { database in
      var summary = Summary(identityNotRemoved: scan.frames.contains { !$0.attributes.patientIdentityRemoved })
      var patients = Dictionary(uniqueKeysWithValues: try Patient.fetchAll(database).map { ($0.sourceID, $0) })
      for sourceID in plan.patientIDs where patients[sourceID] == nil {
        patients[sourceID] = try newPatient(sourceID, number: patients.count + 1, patientIDs, database)
      }
      for series in copied {
        guard let patientId = patients[series.patientID]?.id else { continue }
        let added = try insert(series, patientId, database)
        summary.slices += added
        summary.series += added > 0 ? 1 : 0
      }
      let entries = (plan.remarks + unreadable).map { remark in
        SetAside(
          stage: .dicom, source: source.path, patientCode: remark.patientID.flatMap { patients[$0]?.code },
          excludes: remark.excludes, subject: remark.subject, reason: remark.reason)
      }
      try forget(copied, codes: Set(copied.compactMap { patients[$0.patientID]?.code }), database)
      try database.replaceSetAside(of: .dicom, from: source.path, with: entries)
      if scan.frames.contains(where: \.attributes.isSynthetic) {
        try Setting(key: StudyFolder.syntheticKey, value: "yes").save(database)
      }
      try Setting(key: StudyFolder.patientIDsKey, value: patientIDs.rawValue).save(database)
      summary.setAside = entries.count
      summary.patients = patients.count
      return summary
    }
  }

  /// Adds those of the patients that the study lacks, of whom there are records but no images.
  ///
  /// - Throws: `StudyError` where the study cannot be written.
  public static func addPatients(_ sourceIDs: [String], to study: StudyFolder) throws(StudyError) {
    let patientIDs = try study.readProtocol().pathology.patientIDs
    try study.write { database in
      var known = Set(try Patient.fetchAll(database).map(\.sourceID))
      for sourceID in sourceIDs where known.insert(sourceID).inserted {
        _ = try newPatient(sourceID, number: known.count, patientIDs, database)
      }
      try Setting(key: StudyFolder.patientIDsKey, value: patientIDs.rawValue).save(database)
    }
  }

  private static func newPatient(
    _ sourceID: String, number: Int, _ patientIDs: StudyProtocol.Pathology.PatientIDs, _ database: Database
  ) throws -> Patient {
    let digits = String(number)
    let invented = "case-" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    var patient = Patient(id: nil, code: patientIDs == .codes ? sourceID : invented, sourceID: sourceID)
    try patient.insert(database)
    return patient
  }

  /// Adds a series' slices that the study lacks, and puts all of them in order; returns how many are new.
  private static func insert(
    _ planned: ImportPlan.PlannedSeries, _ patientId: Int64, _ database: Database
  ) throws -> Int {
    var exam =
      try Exam.filter(Column("studyInstanceUID") == planned.studyInstanceUID).fetchOne(database)
      ?? Exam(id: nil, patientId: patientId, studyInstanceUID: planned.studyInstanceUID)
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
      let attributes = slice.attributes
      let known = SliceRecord.filter(
        Column("sopInstanceUID") == attributes.sopInstanceUID && Column("frame") == slice.frame)
      if var record = try known.fetchOne(database) {
        try record.updateChanges(database) { $0.ordinal = ordinal }
        continue
      }
      var record = SliceRecord(
        id: nil, seriesId: seriesId, sopInstanceUID: attributes.sopInstanceUID, frame: slice.frame, path: slice.path,
        ordinal: ordinal, columns: attributes.columns, rows: attributes.rows, rowSpacing: attributes.pixelSpacing?.row,
        columnSpacing: attributes.pixelSpacing?.column)
      try record.insert(database)
      added += 1
    }
    return added
  }

  /// What earlier imports, from whatever folder, held against patients whose files are now taken, and said of these series.
  private static func forget(
    _ taken: [ImportPlan.PlannedSeries], codes: Set<String>, _ database: Database
  ) throws {
    try SetAside
      .filter(Column("stage") == SetAside.Stage.dicom.rawValue && codes.contains(Column("patientCode")))
      .filter(Column("excludes") || taken.map(\.subject).contains(Column("subject")))
      .deleteAll(database)
  }

  /// Copies each file once, several series at a time; a series of which a file cannot be read is left, and its patient set aside.
  private static func copyFiles(
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
    for slice in series.slices where done.insert(slice.path).inserted {
      guard let source = slice.source else { continue }
      if try !copy(source, to: study.appendingPathComponent(slice.path)) { return slice.subject }
    }
    return nil
  }

  /// Copies `source` whole or not at all; false where it cannot be read, an error where `target` cannot be written.
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
        "cannot make the folder \(folder.path): \(error.localizedDescription). The study is as it was; make room or fix "
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
    try output.finish()
    return true
  }
}
