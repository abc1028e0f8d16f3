public import GRDB

/// A slice with all that it belongs to: the one place where the tables of slices, series, exams and patients are joined.
public struct SlicePlace: Equatable, Sendable, FetchableRecord {
  /// The slice's key.
  public let sliceId: Int64
  /// The series' key.
  public let seriesId: Int64
  /// What the study calls the patient.
  public let patientCode: String
  /// The PatientID in the files; never shown unless the protocol says that it is a code.
  public let patientID: String
  /// DICOM (0020,000D).
  public let studyInstanceUID: String
  /// DICOM (0020,000E).
  public let seriesInstanceUID: String
  /// DICOM (0008,0018).
  public let sopInstanceUID: String
  /// The frame within the instance, from 0.
  public let frame: Int
  /// The file, as `SliceRecord.path`.
  public let path: String
  /// The place in the series along its normal, from 0.
  public let ordinal: Int
  /// Pixels per row.
  public let columns: Int
  /// Pixels per column.
  public let rows: Int
  /// The distance of two rows in mm.
  public let rowSpacing: Double?
  /// The distance of two columns in mm.
  public let columnSpacing: Double?

  /// What tables and reports call the slice: its SOP instance UID, with `#frame` for frames after the first.
  public var name: String { frame == 0 ? sopInstanceUID : "\(sopInstanceUID)#\(frame)" }

  /// Reads a row of `all(_:)`, whose columns come in the order of the properties.
  public init(row: Row) throws {
    sliceId = row[0]
    seriesId = row[1]
    patientCode = row[2]
    patientID = row[3]
    studyInstanceUID = row[4]
    seriesInstanceUID = row[5]
    sopInstanceUID = row[6]
    frame = row[7]
    path = row[8]
    ordinal = row[9]
    columns = row[10]
    rows = row[11]
    rowSpacing = row[12]
    columnSpacing = row[13]
  }

  /// The study's slices in the order in which they were imported.
  ///
  /// - Parameters:
  ///   - database: the study's tables.
  ///   - table: takes only the slices that this table names in its column `sliceId`; nil takes all.
  /// - Returns: the slices.
  /// - Throws: SQLite's error where the tables cannot be read.
  public static func all(_ database: Database, namedBy table: String? = nil) throws -> [SlicePlace] {
    try all(database, where: table.map { "slice.id IN (SELECT sliceId FROM \($0))" } ?? "TRUE")
  }

  /// The slices of one exam in the order in which they were imported.
  ///
  /// - Throws: SQLite's error where the tables cannot be read.
  public static func all(ofExam studyInstanceUID: String, _ database: Database) throws -> [SlicePlace] {
    try all(database, where: "exam.studyInstanceUID = ?", [studyInstanceUID])
  }

  private static func all(
    _ database: Database, where condition: String, _ arguments: StatementArguments = []
  ) throws -> [SlicePlace] {
    try fetchAll(
      database,
      sql: """
        SELECT slice.id, slice.seriesId, patient.code, patient.sourceID, exam.studyInstanceUID, series.seriesInstanceUID,
          slice.sopInstanceUID, slice.frame, slice.path, slice.ordinal, slice.columns, slice.rows, slice.rowSpacing,
          slice.columnSpacing
        FROM slice JOIN series ON series.id = slice.seriesId JOIN exam ON exam.id = series.examId
          JOIN patient ON patient.id = exam.patientId
        WHERE \(condition)
        ORDER BY slice.id
        """, arguments: arguments)
  }

  /// How many slices the study holds of each series, by SeriesInstanceUID.
  ///
  /// - Throws: SQLite's error where the tables cannot be read.
  public static func counts(_ database: Database) throws -> [String: Int] {
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT seriesInstanceUID, COUNT(*) FROM slice JOIN series ON series.id = slice.seriesId GROUP BY series.id
        """)
    return Dictionary(uniqueKeysWithValues: rows.map { ($0[0] as String, $0[1] as Int) })
  }
}
