import DICOM
import Foundation
import GRDB
public import Study
public import Support

/// One entry of a run's `lesions.json`: a lesion that the run learnt from or predicted, as pathology describes it.
public struct RunLesion: Codable, Equatable, Sendable {
  /// The patient's code in the study.
  public var patient: String
  /// The lesion's name, unique within its patient.
  public var lesion: String
  /// The grade by pathology, 1...4.
  public var grade: Grade
  /// Columns of the pathology table, and what the images tell of the lesion: `phase`, `scanner`, `contour_mm`.
  public var attributes: [String: String]

  /// The name of the attribute that tells the phase of the series that the lesion's ROIs were cut from.
  public static let phaseColumn = "phase"
  /// The name of the attribute that tells who made the scanner, and its model.
  public static let scannerColumn = "scanner"
  /// The name of the attribute that tells how far the lesion's outline extends on any slice, in mm.
  public static let extentColumn = "contour_mm"
  /// All attributes that come from the images; the pathology table's own columns of these names come first.
  public static let imageColumns: Set = [phaseColumn, scannerColumn, extentColumn]

  /// Makes an entry from its parts.
  public init(patient: String, lesion: String, grade: Grade, attributes: [String: String]) {
    self.patient = patient
    self.lesion = lesion
    self.grade = grade
    self.attributes = attributes
  }

  /// The lesions of `study` that have ROIs, by patient and name; `extents` are their outlines' in mm, by lesion.
  ///
  /// In a study without images they are all lesions of the patients who are not excluded.
  /// Where patient IDs could identify a person, so could the words of any column: then only those that the protocol's
  /// `subgroups` and `baselines` name are taken over, and what comes from the images.
  public static func all(
    in study: StudyFolder, _ settings: StudyProtocol, extents: [Int64: Double] = [:]
  ) throws(StudyError) -> [RunLesion] {
    try all(study.tables, in: study.url, settings, extents: extents)
  }

  /// The same of some tables; `folder` is the study's, nil where slices have absolute paths.
  static func all(
    _ tables: StudyTables, in folder: URL?, _ settings: StudyProtocol, extents: [Int64: Double]
  ) throws(StudyError) -> [RunLesion] {
    let rows = try tables.read { database in
      let phases = try Row.fetchAll(
        database,
        sql: """
          SELECT DISTINCT roi.lesionId, seriesPhase.phase FROM roi JOIN slice ON slice.id = roi.sliceId
            JOIN seriesPhase ON seriesPhase.seriesId = slice.seriesId
          WHERE seriesPhase.phase IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM contour WHERE contour.sliceId = roi.sliceId AND contour.lesionId = roi.lesionId
              AND contour.reader = roi.reader AND contour.carriedId IS NOT NULL)
          ORDER BY roi.lesionId, seriesPhase.phase
          """)
      var phasesOf: [Int64: [String]] = [:]
      for row in phases { phasesOf[row["lesionId"], default: []].append(row["phase"]) }
      // One slice of each lesion will do: an exam is made on one scanner.
      let paths = try Row.fetchAll(
        database,
        sql: """
          SELECT roi.lesionId, MIN(slice.path) AS path FROM roi JOIN slice ON slice.id = roi.sliceId GROUP BY roi.lesionId
          """)
      let pathOf = Dictionary(
        uniqueKeysWithValues: paths.map { ($0["lesionId"] as Int64, $0["path"] as String) })
      let codes = Dictionary(
        uniqueKeysWithValues: try Patient.fetchAll(database).compactMap { patient in
          patient.id.map { ($0, patient.code) }
        })
      return try taken(codes, settings, database).map { lesion in
        var fromImages: [String: String] = [:]
        if let id = lesion.id {
          fromImages[phaseColumn] = phasesOf[id]?.joined(separator: " + ")
          fromImages[scannerColumn] = pathOf[id].flatMap { scanner(StudyFolder.file($0, in: folder)) }
          fromImages[extentColumn] = extents[id].map { String(format: "%.1f", $0) }
        }
        let attributes = lesion.attributes.merging(fromImages) { own, _ in own }
        return RunLesion(
          patient: codes[lesion.patientId] ?? "", lesion: lesion.name, grade: lesion.grade, attributes: attributes)
      }
    }
    let kept = imageColumns.union(settings.questionedColumns)
    let mayKeepAll = settings.pathology.patientIDs == .codes
    return rows.map { row in
      var lesion = row
      if !mayKeepAll { lesion.attributes = row.attributes.filter { kept.contains($0.key) } }
      return lesion
    }
    .sorted { ($0.patient, $0.lesion) < ($1.patient, $1.lesion) }
  }

  private static func taken(
    _ codes: [Int64: String], _ settings: StudyProtocol, _ database: Database
  ) throws -> [Lesion] {
    guard try SliceRecord.fetchCount(database) == 0 else {
      return try Lesion.filter(sql: "id IN (SELECT lesionId FROM roi)").fetchAll(database)
    }
    try SelectionBasis.requireCurrent(settings, database)
    let excluded = try database.excludedPatientCodes(before: .rois)
    return try Lesion.order(Column("id")).fetchAll(database).filter { !excluded.contains(codes[$0.patientId] ?? "") }
  }

  /// Manufacturer and model by the file's header; nil where it names neither.
  private static func scanner(_ file: URL) -> String? {
    guard let attributes = try? DICOMFile.attributes(of: file).first else { return nil }
    let words = [attributes.manufacturer, attributes.manufacturerModelName].compactMap { $0 }
    return words.isEmpty ? nil : words.joined(separator: " ")
  }
}
