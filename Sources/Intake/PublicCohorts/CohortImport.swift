import Annotation
import DICOM
public import Foundation
import GRDB
public import Study
import Support

/// Turns a public cohort's folder into a study: CT slices, lesions with their grades, contours.
///
/// Images are imported with `DICOMImport`, patient by patient, so that memory and scratch space are needed for one
/// patient only and an interrupted import can resume. Grades and contours replace those of the study. Patients who
/// cannot be imported, or are outside the study's question, are listed with the reason.
public enum CohortImport {
  /// What an import did.
  public struct Summary: Equatable, Sendable {
    /// Patients in the cohort's folder.
    public var patients = 0
    /// Patients whose lesion was taken.
    public var lesions = 0
    /// Slices added to the study.
    public var slices = 0
    /// Contours.
    public var contours = 0
    /// Entries listed as set aside or remarked on.
    public var setAside = 0
    /// Why nothing of the cohort's images can be used, as a sentence without the folder's name; nil where something can.
    public var obstacle: String?
  }

  /// Imports UCSF RMaC (doi 10.58078/C2WC74) from the folder with its HDF5 files and `phase_reg_key.csv`.
  ///
  /// `progress` is told the numbers of finished and of all patients.
  /// - Throws: `StudyError` where the folder has another layout, or the study cannot be written.
  public static func rmac(
    _ folder: URL, settings: RMaCSettings = RMaCSettings(), into study: StudyFolder,
    progress: ((Int, Int) -> Void)? = nil
  ) throws -> Summary {
    try run(try RMaCLayout(folder, settings), source: folder, into: study, progress)
  }

  /// Imports KiTS19, KiTS21 or KiTS23 from the folder with its table of patients and one folder per case.
  ///
  /// `progress` is told the numbers of finished and of all patients.
  /// - Throws: `StudyError` where the folder has another layout, or the study cannot be written.
  public static func kits(
    _ folder: URL, settings: KiTSSettings = KiTSSettings(), into study: StudyFolder,
    progress: ((Int, Int) -> Void)? = nil
  ) throws -> Summary {
    try run(try KiTSLayout(folder, settings), source: folder, into: study, progress)
  }

  /// Writes what an import saw into the study folder: the records of all patients, and the table of the lesions that are taken.
  ///
  /// - Returns: the table of lesions.
  static func writeTables(
    _ patients: [CohortPatient], _ mapping: StudyProtocol.Pathology, in study: StudyFolder
  ) throws(StudyError) -> URL {
    let table = try study.cohortFile("pathology.csv")
    try AtomicFile.write(PathologyTable(patients, mapping).text, to: table)
    try AtomicFile.write(PathologyTable(records: patients, mapping).text, to: study.clinicalRecordsFile)
    return table
  }

  static func run(
    _ layout: some CohortLayout, source: URL, into study: StudyFolder, _ progress: ((Int, Int) -> Void)?
  ) throws -> Summary {
    let mapping = try study.readProtocol().pathology
    // What an interrupted import has read is kept: it goes on there.
    SliceCopying.removeLeftovers(in: study, keeping: [SliceCopying.cohortScratchName])
    var summary = Summary(patients: layout.entries.count)
    var patients: [(subject: String, patient: CohortPatient)] = []
    let held = try SeriesStaging.heldSlices(study)
    let scratch = study.url.appendingPathComponent(SliceCopying.cohortScratchName)
    let journal = CohortJournal(scratch.appendingPathComponent("journal"), held: held)
    for (index, entry) in layout.entries.enumerated() {
      let patient =
        try journal.patient(entry, stamp: layout.stamp(of: entry))
        ?? take(entry, layout, held, journal, into: study, &summary)
      patients.append((entry.subject, patient))
      progress?(index + 1, layout.entries.count)
    }
    let taken = patients.map(\.patient).filter { $0.tumour != nil }
    try DICOMImport.addPatients(taken.map(\.patientID), to: study)
    let table = try writeTables(patients.map(\.patient), mapping, in: study)
    summary.lesions = try PathologyImport.run(table, into: study).lesions
    summary.contours = try importContours(taken.flatMap(\.contours), source: layout.name, into: study)
    try list(patients, source: source.path, mapping, in: study)
    summary.setAside = try study.setAside().count
    // What is left costs room and nothing else.
    try? FileManager.default.removeItem(at: scratch)
    return summary
  }

  /// Reads one patient and takes the images over; what is wrong with the patient becomes a remark.
  private static func take(
    _ entry: CohortEntry, _ layout: some CohortLayout, _ held: [String: Int], _ journal: CohortJournal,
    into study: StudyFolder,
    _ summary: inout Summary
  ) throws -> CohortPatient {
    let scratch = study.url.appendingPathComponent(
      "\(SliceCopying.cohortScratchName)/\(DICOMUID.make(from: entry.patientID))")
    let files = FileManager.default
    try? files.removeItem(at: scratch)
    defer { try? files.removeItem(at: scratch) }
    do {
      let patient = try layout.read(entry, SeriesStaging(scratch, held: held))
      try journal.keep(patient, of: entry, stamp: layout.stamp(of: entry), staged: scratch)
      if files.fileExists(atPath: scratch.path) {
        summary.slices += try DICOMImport.take(scratch, into: study).slices
      }
      return patient
    } catch let error as PublicCohortError {
      var patient = CohortPatient(patientID: entry.patientID)
      patient.remark(.dicom, excludes: true, error.description)
      return patient
    } catch let error as DICOMError {
      throw StudyError(.file, "the slices of \(entry.subject) cannot be written: \(error.problem)")
    } catch let error as CocoaError {
      throw StudyError(
        .file, "\(study.url.path) cannot be written: \(error.localizedDescription); make room, then repeat")
    }
  }

  static func importContours(
    _ contours: [Contour], source: String, into study: StudyFolder
  ) throws -> Int {
    // Outlines count from pixel centres; a protocol that counts from corners is served in its own terms.
    let isCorner = try study.readProtocol().annotation.integerCoordinate == .pixelCorner
    let stated = contours.map { contour in
      var contour = contour
      if isCorner { contour.vertices = contour.vertices.map { $0 + 0.5 } }
      return contour
    }
    return try ContourImport.run(stated, source: source, into: study).contours
  }

  /// Adds the remarks to what the importers themselves listed.
  static func list(
    _ patients: [(subject: String, patient: CohortPatient)], source: String, _ mapping: StudyProtocol.Pathology,
    in study: StudyFolder
  ) throws(StudyError) {
    try study.write { database in
      let codes = Dictionary(try Patient.fetchAll(database).map { (Identifier($0.sourceID), $0.code) }) { one, _ in one
      }
      let former = try SetAside.filter(Column("source") == source && !Column("excludes")).fetchAll(database)
      for stage in SetAside.Stage.allCases { try database.replaceSetAside(of: stage, from: source, with: []) }
      for (subject, patient) in patients {
        let isCode = mapping.patientIDs == .codes && !patient.patientID.isEmpty
        let code = codes[Identifier(patient.patientID)] ?? (isCode ? patient.patientID : nil)
        let said = former.filter { $0.stage == .dicom && $0.subject == subject }
        for entry in said where patient.isHeld && !patient.remarks.contains(where: { $0.reason == entry.reason }) {
          try entry.insert(database)
        }
        for remark in patient.remarks {
          try SetAside(
            stage: remark.stage, source: source,
            patientCode: code, excludes: remark.excludes,
            subject: subject, reason: remark.reason
          ).insert(database)
        }
      }
    }
  }
}
