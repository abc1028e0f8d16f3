public import Foundation
import GRDB
public import Study
public import Support

/// Takes the CT slices of a folder or a zip archive into the study.
///
/// Files that are not readable CT images are listed and not imported. A patient whose files contradict one another, or
/// the study, is excluded; all others are imported. Importing the same folder again changes nothing; another one adds
/// to the study.
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
    /// Why nothing of the source can be used, as a sentence without its name; nil where something can.
    public var obstacle: String?
  }

  /// Imports every CT slice below a folder or in a zip archive.
  ///
  /// An archive is unpacked into the study's folder, and what was unpacked removed in the end, so that the disk must have
  /// room for it twice. What an import that was killed has copied is not copied again, and what it left is removed.
  ///
  /// - Parameters:
  ///   - source: the folder, which is searched at any depth, or the zip archive.
  ///   - study: the study, which no other process changes meanwhile.
  ///   - unpacking: called with the numbers of an archive's files that are unpacked and that are there.
  ///   - progress: called now and then with the numbers of headers read and of files found.
  /// - Returns: what was done. Where nothing can be used, its `obstacle` says why.
  /// - Throws: `StudyError` where the source cannot be read or the study not be written; the study is then as before.
  public static func run(
    _ source: URL, into study: StudyFolder, unpacking: ((Int, Int) -> Void)? = nil,
    progress: (@Sendable (Int, Int) -> Void)? = nil
  ) throws(StudyError) -> Summary {
    SliceCopying.removeLeftovers(in: study)
    return try take(source, into: study, unpacking: unpacking, progress: progress)
  }

  /// As `run`, but leaves alone what killed imports have left.
  static func take(
    _ source: URL, into study: StudyFolder, unpacking: ((Int, Int) -> Void)? = nil,
    progress: (@Sendable (Int, Int) -> Void)? = nil
  ) throws(StudyError) -> Summary {
    let patientIDs = try study.readProtocol().pathology.patientIDs
    let scratch = study.url.appendingPathComponent(SliceCopying.scratchName)
    return try DICOMScan.with(source, scratch: scratch, unpacking: unpacking, progress: progress) {
      scan throws(StudyError) in
      let plan = ImportPlan(scan, held: try study.read { try SlicePlace.all($0) }, study: study.url)
      let (copied, unreadable) = try SliceCopying.copyFiles(of: plan.series, into: study.url)
      return try study.write { database in
        var summary = try store(
          copied, of: plan, remarks: plan.remarks + unreadable, source: source.path, patientIDs, database)
        // A rule may have moved all slices of a series to another one.
        try database.execute(sql: "DELETE FROM series WHERE id NOT IN (SELECT seriesId FROM slice)")
        summary.identityNotRemoved = scan.frames.contains { !$0.attributes.patientIdentityRemoved }
        if copied.isEmpty { summary.obstacle = obstacle(scan) }
        if scan.frames.contains(where: \.attributes.isSynthetic) {
          try Setting(key: StudyFolder.syntheticKey, value: "yes").save(database)
        }
        return summary
      }
    }
  }

  /// Why nothing of what was found can be used.
  private static func obstacle(_ scan: DICOMScan) -> String {
    let (images, others) = (scan.frames.count, scan.failures.count)
    guard images == 0 else {
      return "none of its CT images (\(images)) can be used; `renalgrade status` lists the reasons"
    }
    guard let first = scan.failures.first else { return "it is empty; give the folder with the DICOM files" }
    return "it contains no readable CT image; \(others) other entries were found, the first of which is "
      + "\(first.relativePath): \(first.reason)"
  }

  /// Puts the plan's patients, the `series` and the remarks into the tables; `source` is what was read.
  static func store(
    _ series: [ImportPlan.PlannedSeries], of plan: ImportPlan, remarks: [ImportPlan.Remark], source: String,
    _ patientIDs: StudyProtocol.Pathology.PatientIDs, _ database: Database
  ) throws -> Summary {
    var summary = Summary()
    var patients = Dictionary(uniqueKeysWithValues: try Patient.fetchAll(database).map { ($0.sourceID, $0) })
    for former in try fromTableAlone(patients.values, database) {
      // Two spellings in the images are two patients, and nobody can tell whose the row is.
      let alike = plan.patientIDs.filter { Identifier($0) == Identifier(former.sourceID) }
      guard alike.count == 1, let sourceID = alike.first, patients[sourceID] == nil else { continue }
      var patient = former
      patient.sourceID = sourceID
      try patient.update(database)
      patients[former.sourceID] = nil
      patients[sourceID] = patient
    }
    for sourceID in plan.patientIDs where patients[sourceID] == nil {
      patients[sourceID] = try newPatient(sourceID, number: patients.count + 1, patientIDs, database)
    }
    for series in series {
      guard let patientId = patients[series.patientID]?.id else { continue }
      let added = try insert(series, patientId, database)
      summary.slices += added
      summary.series += added > 0 ? 1 : 0
    }
    let entries = remarks.map { remark in
      SetAside(
        stage: .dicom, source: source, patientCode: remark.patientID.flatMap { patients[$0]?.code },
        excludes: remark.excludes, subject: remark.subject, reason: remark.reason)
    }
    try forget(series, codes: Set(series.compactMap { patients[$0.patientID]?.code }), database)
    try database.replaceSetAside(of: .dicom, from: source, with: entries)
    try Setting(key: StudyFolder.patientIDsKey, value: patientIDs.rawValue).save(database)
    summary.setAside = try entries.count + remarkOnSuspectedPersons(database)
    summary.patients = patients.count
    return summary
  }

  /// Lists the patients who may be one person, replacing the previous list; returns the number of remarks.
  private static func remarkOnSuspectedPersons(_ database: Database) throws -> Int {
    let entries = try SuspectedPerson.all(database).flatMap { person in
      person.codes.map { code in
        SetAside(
          stage: .dicom, source: "patients", patientCode: code, excludes: false, subject: "its identifiers",
          reason: person.reason(for: code))
      }
    }
    try database.replaceSetAside(of: .dicom, from: "patients", with: entries)
    return entries.count
  }

  /// What images and an earlier table leave without a partner, in sentences; none where the study has no lesions yet.
  ///
  /// - Throws: `StudyError` where the study cannot be read.
  public static func unmatched(in study: StudyFolder) throws(StudyError) -> [String] {
    try study.read { database in
      guard try Lesion.fetchCount(database) > 0 else { return [] }
      func count(_ condition: String) throws -> Int { try Patient.filter(sql: condition).fetchCount(database) }
      let (exams, lesions) = ("id IN (SELECT patientId FROM exam)", "id IN (SELECT patientId FROM lesion)")
      let (rows, scans) = (try count("\(lesions) AND NOT \(exams)"), try count("\(exams) AND NOT \(lesions)"))
      guard rows + scans > 0 else { return [] }
      return [
        "Patients with a lesion in the table but no scan: \(rows); with scans but no lesion: \(scans). Import the table again to "
          + "list them."
      ]
    }
  }

  /// Adds those of the patients that the study lacks, of whom there are records but no images.
  ///
  /// - Throws: `StudyError` where the study cannot be written.
  public static func addPatients(_ sourceIDs: [String], to study: StudyFolder) throws(StudyError) {
    let patientIDs = try study.readProtocol().pathology.patientIDs
    try study.write { try addPatients(sourceIDs, patientIDs, $0) }
  }

  static func addPatients(
    _ sourceIDs: [String], _ patientIDs: StudyProtocol.Pathology.PatientIDs, _ database: Database
  ) throws {
    let patients = try Patient.fetchAll(database)
    var known = Set(patients.map { Identifier($0.sourceID) })
    var number = patients.count
    for sourceID in sourceIDs where known.insert(Identifier(sourceID)).inserted {
      number += 1
      _ = try newPatient(sourceID, number: number, patientIDs, database)
    }
    try Setting(key: StudyFolder.patientIDsKey, value: patientIDs.rawValue).save(database)
  }

  /// Those of the patients of whom the study has no exam.
  private static func fromTableAlone(_ patients: some Sequence<Patient>, _ database: Database) throws -> [Patient] {
    let withImages = Set(try Patient.withImages(database).map(\.id))
    return patients.filter { !withImages.contains($0.id) }.sorted { ($0.id ?? 0) < ($1.id ?? 0) }
  }

  private static func newPatient(
    _ sourceID: String, number: Int, _ patientIDs: StudyProtocol.Pathology.PatientIDs, _ database: Database
  ) throws -> Patient {
    let digits = String(number)
    let invented = "case-" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    var patient = Patient(code: patientIDs == .codes ? sourceID : invented, sourceID: sourceID)
    try patient.insert(database)
    return patient
  }

  /// Adds a series' slices that the study lacks, and puts all of them in order; returns how many are new.
  private static func insert(
    _ planned: ImportPlan.PlannedSeries, _ patientId: Int64, _ database: Database
  ) throws -> Int {
    var exam =
      try Exam.filter(Column("studyInstanceUID") == planned.studyInstanceUID).fetchOne(database)
      ?? Exam(patientId: patientId, studyInstanceUID: planned.studyInstanceUID)
    if exam.id == nil { try exam.insert(database) }
    guard let examId = exam.id else { return 0 }
    let uid = planned.seriesInstanceUID
    var series =
      try Series.filter(Column("seriesInstanceUID") == uid).fetchOne(database)
      ?? Series(examId: examId, seriesInstanceUID: uid, description: planned.description)
    series.frameOfReferenceUID = planned.frameOfReferenceUID
    try series.save(database)
    guard let seriesId = series.id else { return 0 }
    var added = 0
    for slice in planned.slices {
      let attributes = slice.attributes
      let known = SliceRecord.filter(
        Column("sopInstanceUID") == attributes.sopInstanceUID && Column("frame") == slice.frame)
      if var record = try known.fetchOne(database) {
        // A rule may have joined or parted series since.
        try record.updateChanges(database) { ($0.ordinal, $0.seriesId) = (slice.ordinal, seriesId) }
        continue
      }
      var record = SliceRecord(
        seriesId: seriesId, sopInstanceUID: attributes.sopInstanceUID, frame: slice.frame, path: slice.path,
        ordinal: slice.ordinal, columns: attributes.columns, rows: attributes.rows,
        rowSpacing: attributes.pixelSpacing?.row,
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
}
