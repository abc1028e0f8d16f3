public import GRDB
import Study
import Support

/// One lesion's outlines as they were carried from the series on which a reader drew them to another series of the exam.
///
/// Its contours are `StoredContour`s with its key; they remain those of the reader who drew the originals.
public struct CarriedOutline: Codable, Equatable, Sendable, FetchableRecord, MutablePersistableRecord {
  /// The table's key.
  public var id: Int64?
  /// The lesion's key.
  public var lesionId: Int64
  /// The reader who drew the originals.
  public var reader: String
  /// The key of the series on which they were drawn.
  public var sourceSeriesId: Int64
  /// The key of the series that they were carried to.
  public var targetSeriesId: Int64
  /// How far the lesion lies further to the patient's left there, in mm; nil where no shift was found.
  public var left: Double?
  /// How far it lies further to the patient's back, in mm.
  public var posterior: Double?
  /// How far it lies further to the patient's head, in mm.
  public var superior: Double?
  /// The normalised cross-correlation at that shift, -1...1; nil where no shift was found.
  public var score: Double?
  /// Whether it is used only if a person confirms it.
  public var isPoor: Bool
  /// Whether a person has confirmed it.
  public var isConfirmed: Bool
  /// What a person should know of it, in sentences without their last full stop; empty for nothing.
  public var remark: String

  /// Whether there is an outline, and it is used.
  public var isUsed: Bool { score != nil && (!isPoor || isConfirmed) }
  /// The same in SQL, of the contours' rows.
  public static let isUsedCondition = "(NOT carriedOutline.isPoor OR carriedOutline.isConfirmed)"

  /// Makes a row from its columns; `id` is nil until it is inserted.
  public init(
    lesionId: Int64, reader: String, sourceSeriesId: Int64, targetSeriesId: Int64, shift: SIMD3<Double>?,
    score: Double?, isPoor: Bool, isConfirmed: Bool = false, remark: String
  ) {
    (self.lesionId, self.reader) = (lesionId, reader)
    (self.sourceSeriesId, self.targetSeriesId) = (sourceSeriesId, targetSeriesId)
    (left, posterior, superior) = (shift?.x, shift?.y, shift?.z)
    (self.score, self.isPoor, self.isConfirmed, self.remark) = (score, isPoor, isConfirmed, remark)
  }

  /// Takes over the key that SQLite gave.
  public mutating func didInsert(_ inserted: InsertionSuccess) { id = inserted.rowID }
}

extension CarriedOutline {
  private static let basisKey = "contours.carried"

  /// Removes all carried outlines with their contours.
  ///
  /// - Returns: how many there were.
  @discardableResult
  public static func removeAll(_ database: Database) throws -> Int {
    try Setting.deleteOne(database, key: basisKey)
    return try deleteAll(database)
  }

  /// Removes the outlines that were carried from those of one reader, with their contours.
  ///
  /// - Returns: how many there were.
  @discardableResult
  public static func removeAll(_ database: Database, of reader: String) throws -> Int {
    let removed = try filter(Column("reader") == reader).deleteAll(database)
    if removed > 0, try fetchCount(database) == 0 { try Setting.deleteOne(database, key: basisKey) }
    return removed
  }

  /// Keeps what the outlines that are in the tables now were carried from and to.
  public static func storeBasis(_ database: Database) throws {
    try Setting(key: basisKey, value: basis(database)).save(database)
  }

  /// Throws where drawn contours, slices, phases or excluded patients are no longer those that the outlines were carried with.
  ///
  /// - Throws: `StudyError` of kind `.file` that says what to do; SQLite's error where the tables cannot be read.
  public static func requireCurrent(_ database: Database) throws {
    guard try fetchCount(database) > 0 else { return }
    guard try Setting.fetchOne(database, key: basisKey)?.value != basis(database) else { return }
    throw StudyError(
      .file,
      "the carried outlines are out of date: contours, slices, phases or excluded patients have changed since they were carried. "
        + "Run `renalgrade contours carry` again, or remove them with `renalgrade contours drop`")
  }

  private static func basis(_ database: Database) throws -> String {
    var encoding = CanonicalEncoding(of: "carried outlines", version: 1)
    let drawn = try Row.fetchCursor(
      database,
      sql: """
        SELECT sliceId, lesionId, reader, vertices FROM contour WHERE carriedId IS NULL AND occasion = 1 ORDER BY id
        """)
    while let row = try drawn.next() {
      encoding.field("slice", row[0] as Int64)
      encoding.field("lesion", row[1] as Int64)
      encoding.field("reader", row[2] as String)
      encoding.field("vertices", row[3] as String)
    }
    for row in try Row.fetchAll(database, sql: "SELECT seriesId, phase, isUsed FROM seriesPhase ORDER BY seriesId") {
      encoding.field("series", row[0] as Int64)
      encoding.field("phase", row[1] as String?)
      encoding.field("isUsed", row[2] as Bool)
    }
    for row in try Row.fetchAll(
      database, sql: "SELECT seriesId, COUNT(*) FROM slice GROUP BY seriesId ORDER BY seriesId")
    {
      encoding.field("series", row[0] as Int64)
      encoding.field("slices", row[1] as Int)
    }
    encoding.field("excluded", try database.excludedPatientCodes(before: .rois).sorted())
    return "1 \(encoding.digest)"
  }
}
