import Annotation
import DICOM
public import Foundation
import GRDB
public import Study
import Support

/// One exam and its contours as a study in memory, filled by the imports that fill a study's folder; nothing is written.
///
/// The slices are not copied. Without a pathology table, each label is one lesion.
public struct ExamStudy: Sendable {
  /// The exam's tables; slices have absolute paths.
  public let tables: StudyTables
  /// The protocol without its rules of selection: whether the patient belongs to the cohort is not asked.
  public let settings: StudyProtocol
  /// The PatientID in the files: no text for a reader to see.
  public let patientID: String
  /// The exam's DICOM UID.
  public let studyInstanceUID: String
  /// Whether the images are synthetic.
  public let isSynthetic: Bool
  /// Whether there are images; without them, the columns of a table are all that is known.
  public let hasImages: Bool
  /// The codes of the patients whose slices are outlined: one, unless the images are faulty.
  private let patientCodes: Set<String>

  /// Reads an exam and hands it to `body`; a zip archive is unpacked for as long as that runs.
  ///
  /// - Parameters:
  ///   - dicom: a folder with the exam's files, at any depth, or a zip archive of one; other series, exams and patients may
  ///     lie beside them.
  ///   - contours: a JSON export of MD.ai; contours of exams that are not there do not matter.
  ///   - settings: which labels count, and what their coordinates mean.
  ///   - attributes: what a pathology table would say of each lesion, by column.
  ///   - everySlice: whether the tables hold every slice of every series, as the phases of series take; else the outlined ones.
  ///   - body: is given the exam.
  /// - Returns: what `body` returns.
  /// - Throws: `ExamError` where no contour lies on a slice, or those of several exams do; `AnnotationError` and `StudyError`
  ///   where contours or images cannot be read; what `body` throws.
  public static func read<Output>(
    dicom: URL, contours: URL, protocol settings: StudyProtocol, attributes: [String: String] = [:],
    everySlice: Bool = false, _ body: (ExamStudy) throws -> Output
  ) throws -> Output {
    let export = try MDAI.read(contours, lesionLabels: settings.annotation.lesionLabels)
    guard !export.contours.isEmpty else {
      throw ExamError(noContours: export, in: contours.lastPathComponent, settings.annotation)
    }
    let scratch = try ScratchFolder()
    defer { scratch.remove() }
    return try DICOMScan.with(dicom, scratch: scratch.url.appendingPathComponent("exam")) { scan throws(StudyError) in
      Result { try body(ExamStudy(scan, export, settings, attributes, everySlice: everySlice)) }
    }.get()
  }

  /// A patient of whom there are no images: one lesion, of which a table says this.
  ///
  /// - Throws: `StudyError` where the tables cannot be made.
  public init(protocol settings: StudyProtocol, attributes: [String: String]) throws {
    tables = try .inMemory()
    patientCodes = try tables.write { database in
      try DICOMImport.addPatients([Self.unnamed], .identifiers, database)
      let rows = try Patient.fetchAll(database)
      for patient in rows {
        try Self.insertLesions(of: patient, named: [Self.unnamed], attributes, database)
      }
      return Set(rows.map(\.code))
    }
    var settings = settings
    settings.cohort = nil
    self.settings = settings
    (patientID, studyInstanceUID, isSynthetic, hasImages) = ("", "", false, false)
  }

  /// The name of a patient and a lesion that have none.
  private static let unnamed = "1"

  private init(
    _ scan: DICOMScan, _ export: MDAIExport, _ settings: StudyProtocol, _ attributes: [String: String],
    everySlice: Bool
  ) throws {
    guard !scan.frames.isEmpty else { throw ExamError(noSlices: scan) }
    let outlined = Self.outlined(scan, export.contours)
    guard let exam = outlined.first else { throw ExamError(noMatch: export, scan) }
    let patients = Set(outlined.map(\.patientID))
    let exams = Set(outlined.map(\.studyInstanceUID))
    let instances = Set(export.contours.map(\.sopInstanceUID))
    let named = Set(export.contours.flatMap { [$0.studyInstanceUID, $0.seriesInstanceUID] })
    // Other patients who lie in the same folder cost nothing, unless they claim the exam or its slices as theirs.
    let plan = ImportPlan(
      scan.frames {
        patients.contains($0.patientID) || exams.contains($0.studyInstanceUID) || instances.contains($0.sopInstanceUID)
          || named.contains($0.studyInstanceUID) || named.contains($0.seriesInstanceUID)
      })
    // One exam under two patients is a fault of the images, which the plan has found.
    let isFaulty = plan.remarks.contains { $0.excludes && $0.patientID.map(patients.contains) == true }
    guard exams.count == 1 || isFaulty else { throw ExamError(exams: exams.count) }

    let series = plan.series.map { series in
      // What lies beside an outlined slice is cut with it where the protocol asks for neighbours.
      let hasNeighbours =
        settings.inputs.neighbours != nil
        && series.slices.contains { instances.contains($0.attributes.sopInstanceUID) }
      var series = series
      if !everySlice && !hasNeighbours { series.slices.removeAll { !instances.contains($0.attributes.sopInstanceUID) } }
      return series
    }
    tables = try .inMemory()
    patientCodes = try tables.write { database in
      // Patients get invented codes, whatever the protocol says: a remark must not name anybody.
      _ = try DICOMImport.store(series, of: plan, remarks: plan.remarks, source: "", .identifiers, database)
      let rows = try Patient.fetchAll(database).filter { patients.contains($0.sourceID) }
      for patient in rows {
        let slices = series.filter { $0.patientID == patient.sourceID }.flatMap(\.slices)
        let instances = Set(slices.map(\.attributes.sopInstanceUID))
        let labels = export.contours.filter { instances.contains($0.sopInstanceUID) }.map(\.labelName)
        try Self.insertLesions(of: patient, named: labels, attributes, database)
      }
      return Set(rows.map(\.code))
    }
    try ContourImport.run(
      export.contours, skipped: export.skipped, source: "the export", settings.annotation, into: tables)
    var settings = settings
    settings.cohort = nil
    self.settings = settings
    patientID = exam.patientID
    studyInstanceUID = exam.studyInstanceUID
    isSynthetic = series.contains { $0.slices.contains(where: \.attributes.isSynthetic) }
    hasImages = true
  }

  /// The owners of the slices that the contours are on or, where there are none, of the exams that the contours
  /// reference.
  private static func outlined(_ scan: DICOMScan, _ contours: [Contour]) -> [SliceIdentity] {
    let instances = Set(contours.map(\.sopInstanceUID))
    let slices = scan.frames.lazy.map(\.identity).filter { instances.contains($0.sopInstanceUID) }
    if !slices.isEmpty { return Array(slices) }
    let exams = Set(contours.map(\.studyInstanceUID))
    return scan.frames.lazy.map(\.identity).filter { exams.contains($0.studyInstanceUID) }
  }

  /// One lesion for each label.
  private static func insertLesions(
    of patient: Patient, named labels: [String], _ attributes: [String: String], _ database: Database
  ) throws {
    // The table demands a grade. The exam's is not known, and nobody asks for it.
    guard let patientId = patient.id, let grade = Grade(rawValue: 1) else { return }
    let lesions = Dictionary(labels.map { ($0.lowercased(), $0) }) { first, _ in first }
    for (_, name) in lesions.sorted(by: { $0.key < $1.key }) {
      var lesion = Lesion(patientId: patientId, name: name, grade: grade, attributes: attributes)
      try lesion.insert(database)
    }
  }

  /// What was set aside of the exam so far.
  ///
  /// - Returns: sentences on what is worth knowing, which name no file and nobody.
  /// - Throws: `ExamError` where a study would leave the patient out.
  public func remarks() throws -> [String] {
    let entries = try tables.setAside().filter { entry in
      // A file that cannot be read may be the exam's; a contour of nobody is another exam's.
      entry.patientCode.map(patientCodes.contains) ?? (entry.stage == .dicom)
    }
    let excluding = entries.filter(\.excludes)
    guard excluding.isEmpty else { throw ExamError(excluding: excluding) }
    let unreadable = entries.filter { $0.patientCode == nil }
    let remarks = SetAside.sentences(entries.filter { $0.patientCode != nil })
    guard let first = unreadable.first else { return remarks }
    return remarks + [
      "\(unreadable.count) file\(unreadable.count == 1 ? "" : "s") in the folder cannot be read as CT; the first: "
        + "\(first.reason)."
    ]
  }
}
