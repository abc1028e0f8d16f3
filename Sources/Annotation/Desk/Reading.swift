import Foundation
public import GRDB
import Study

/// One reader's work on one exam at one time.
public struct Reading: Codable, Equatable, Sendable, FetchableRecord, MutablePersistableRecord {
  /// The table's key.
  public var id: Int64?
  /// The reader.
  public var reader: String
  /// The exam's DICOM UID.
  public var studyInstanceUID: String
  /// 1 for the first time, 2 for a hidden repeat.
  public var occasion: Int
  /// The reader's number of the case, from 1.
  public var number: Int
  /// Whether it can be worked on.
  public var state: CaseState
  /// When the reader finished it, in ISO 8601; nil while it is open.
  public var finishedAt: String?

  /// Makes a row from its columns.
  init(reader: String, studyInstanceUID: String, occasion: Int, number: Int, state: CaseState = .open) {
    (self.reader, self.studyInstanceUID, self.occasion) = (reader, studyInstanceUID, occasion)
    (self.number, self.state) = (number, state)
  }

  /// Takes over the key that SQLite gave.
  public mutating func didInsert(_ inserted: InsertionSuccess) { id = inserted.rowID }

  /// What the reader calls it.
  var name: String { Self.name(number) }

  /// A case's name by its number.
  static func name(_ number: Int) -> String {
    let digits = String(number)
    return "case-" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }

  /// How many edits it has had.
  func revision(_ database: Database) throws -> Int {
    try Int.fetchOne(
      database, sql: "SELECT COALESCE(MAX(revision), 0) FROM annotationEdit WHERE readingId = ?", arguments: [id]) ?? 0
  }
}

/// A moment as the journal writes it.
enum Moment {
  private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

  static func text(_ date: Date) -> String { date.formatted(style) }
  static func date(_ text: String) -> Date? { try? style.parse(text) }
}
