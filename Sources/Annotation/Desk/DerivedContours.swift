public import GRDB
import Imaging
import Study
import Support

/// The rows of `contour` that follow from the journal: the live outlines of lesions that pathology lists.
public enum DerivedContours {
  /// Makes the contours of every reading again, after slices or lesions have changed.
  ///
  /// - Throws: `StudyError` where the journal is damaged; SQLite's error where the tables cannot be read or written.
  public static func rebuild(_ database: Database) throws {
    let readings = try Reading.fetchAll(
      database, sql: "SELECT * FROM reading WHERE id IN (SELECT readingId FROM annotationEdit)")
    guard !readings.isEmpty else { return }
    var missing = try readings.flatMap { try contours(of: $0, database) }
    let known = Dictionary(try stored(database).map { (Row($0.contour), $0.id) }) { first, _ in first }
    let kept = Set(missing.compactMap { known[Row($0)] })
    for (_, id) in try stored(database) where !kept.contains(id) {
      try database.execute(sql: "DELETE FROM contour WHERE id = ?", arguments: [id])
    }
    missing.removeAll { known[Row($0)] != nil }
    for contour in missing { try contour.insert(database) }
  }

  /// Brings the contours of one object to what it is now.
  static func update(
    _ payload: Journal.Payload, of reading: Reading, _ exam: ExamPlaces, _ database: Database
  ) throws {
    guard let object = payload.object else { return }
    try remove(object.object, reader: reading.reader, occasion: reading.occasion, database)
    try contour(payload, of: reading, exam)?.insert(database)
  }

  /// Where the tables differ from the journal, in sentences.
  static func differences(_ database: Database) throws -> [String] {
    let readings = try Reading.fetchAll(database)
    let wanted = Set(try readings.flatMap { try contours(of: $0, database) }.map(Row.init))
    let found = try stored(database).map { Row($0.contour) }
    var problems: [String] = []
    let missing = wanted.subtracting(found).count
    let extra = Set(found).subtracting(wanted).count
    if missing > 0 || extra > 0 || found.count != Set(found).count {
      problems.append(
        "the outlines in the study's tables are not those of the journal: \(missing) are missing or differ, \(extra) are not in the "
          + "journal; run `renalgrade annotations verify --repair` to make them again from the journal")
    }
    return problems
  }

  private static func contours(of reading: Reading, _ database: Database) throws -> [StoredContour] {
    guard let id = reading.id, let exam = try ExamPlaces(reading.studyInstanceUID, database) else { return [] }
    return try Journal.objects(id, database).compactMap { try contour($0, of: reading, exam) }
  }

  private static func contour(
    _ payload: Journal.Payload, of reading: Reading, _ exam: ExamPlaces
  ) throws -> StoredContour? {
    guard let object = payload.object, !object.isDeleted, let outline = object.outline, let place = payload.place,
      let slice = exam.slice(at: place), let lesion = exam.lesionId(named: outline.lesion)
    else { return nil }
    return StoredContour(
      sliceId: slice.sliceId, lesionId: lesion, reader: reading.reader, annotationID: object.object,
      vertices: Polygon(vertices: outline.vertices), occasion: reading.occasion, source: .page)
  }

  private static func stored(_ database: Database) throws -> [(contour: StoredContour, id: Int64)] {
    try GRDB.Row.fetchAll(database, sql: "SELECT * FROM contour WHERE source = 'page' AND carriedId IS NULL")
      .map { (try StoredContour(row: $0), $0["id"]) }
  }

  private static func remove(_ object: String, reader: String, occasion: Int, _ database: Database) throws {
    try database.execute(
      sql: """
        DELETE FROM contour WHERE reader = ? AND annotationID = ? AND occasion = ? AND source = 'page' AND carriedId IS NULL
        """, arguments: [reader, object, occasion])
  }

  /// What makes two rows the same.
  private struct Row: Hashable {
    let slice: Int64
    let lesion: Int64
    let reader: String
    let id: String
    let occasion: Int
    let vertices: [SIMD2<Double>]

    init(_ contour: StoredContour) {
      (slice, lesion, reader) = (contour.sliceId, contour.lesionId, contour.reader)
      (id, occasion, vertices) = (contour.annotationID, contour.occasion, contour.vertices.vertices)
    }
  }
}
