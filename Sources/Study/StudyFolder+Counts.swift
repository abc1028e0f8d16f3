public import Foundation
public import GRDB
public import Support

extension Patient {
  /// The patients of whom the study has exams, in the order in which they came.
  public static func withImages(_ database: Database) throws -> [Patient] {
    try filter(sql: "id IN (SELECT patientId FROM exam)").order(Column("id")).fetchAll(database)
  }
}

extension StudyFolder {
  /// The table of all patients whom a cohort's import saw, those left out as well; written by the import.
  public var clinicalRecordsFile: URL { url.appendingPathComponent("cohort/clinical.csv") }
  /// The column of that table with the reason why the import left the patient out.
  public static let leftOutColumn = "left_out_by_import"

  /// Whether the study holds any CT slice; one made from a table alone holds none.
  public func hasImages() throws(StudyError) -> Bool { try read { try SliceRecord.fetchCount($0) > 0 } }

  /// Throws, in a study that no images were imported into, that `reason` needs them; where all were set aside, their reasons say more.
  ///
  /// - Throws: `StudyError` of kind `.file`.
  public func requireImages(for reason: String) throws(StudyError) {
    let wereImported = try read {
      try SetAside.filter(Column("stage") == SetAside.Stage.dicom.rawValue).fetchCount($0) > 0
    }
    guard !wereImported else { return }
    guard try !hasImages() else { return }
    throw StudyError(
      .file,
      "the study has no images, and \(reason): import CT slices first (`renalgrade import --dicom`); selection, flow, tables and "
        + "learners that use the table's columns need no images")
  }

  /// What the study holds, in the order in which it is filled: a name and a number each.
  public func counts() throws(StudyError) -> [(name: String, count: Int)] {
    let counts = try read { database in
      try [
        "patient", "exam", "series", "slice", "lesion", "contour WHERE carriedId IS NULL", "carriedOutline", "roi",
      ].map { table in
        try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM \(table)") ?? 0
      }
    }
    let excluded = try read { database in
      try Int.fetchOne(
        database, sql: "SELECT COUNT(DISTINCT patientCode) FROM setAside WHERE excludes AND patientCode IS NOT NULL")
        ?? 0
    }
    let names = ["patients", "exams", "series", "slices", "lesions", "contours", "carried outlines", "ROIs"]
    return zip(names, counts).map { (name: $0, count: $1) } + [(name: "patients left out", count: excluded)]
  }
}
