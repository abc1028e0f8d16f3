import Foundation
import GRDB
import Study
import Support

/// The journal of everything that readers made on the page: appended to, never changed, each entry bound to the one before it.
enum Journal {
  /// Where an object lies, by identifiers that stay the same when series are added to the study.
  struct Place: Codable, Equatable, Hashable {
    /// DICOM (0020,000E).
    var series: String
    /// DICOM (0008,0018); nil for what concerns a whole series.
    var instance: String?
    /// The frame within the instance, from 0.
    var frame: Int?
  }

  /// What an entry says.
  struct Payload: Codable, Equatable {
    /// The object as it is from now on; its place, and not its numbers of series and slice, says where it lies.
    var object: AnnotationObject?
    /// Where the object lies; nil for what has no place.
    var place: Place?
    /// The case's state from now on.
    var state: CaseState?
    /// The warnings that the reader confirmed.
    var confirmed: [String]?
    /// Why a locked reading was opened again.
    var reason: String?
  }

  /// One entry.
  struct Entry: Codable, FetchableRecord, PersistableRecord {
    var sequence: Int
    var readingId: Int64
    var revision: Int
    var editId: String
    var objectId: String?
    var window: String?
    var actor: String
    var at: String
    var payload: String
    var previous: String
    var hash: String

    static let databaseTableName = "annotationEdit"

    /// What the hash of the entry must be: of everything that it says, of whose reading, and of the hash before.
    func expectedHash(_ reading: Reading) -> String {
      var encoding = CanonicalEncoding(of: "annotation edit", version: 1)
      encoding.field("sequence", sequence)
      encoding.field("reader", reading.reader)
      encoding.field("exam", reading.studyInstanceUID)
      encoding.field("occasion", reading.occasion)
      encoding.field("revision", revision)
      encoding.field("edit", editId)
      encoding.field("object", objectId)
      encoding.field("window", window)
      encoding.field("actor", actor)
      encoding.field("at", at)
      encoding.field("payload", payload)
      encoding.field("previous", previous)
      return encoding.digest
    }

    func decoded() throws -> Payload {
      do {
        return try JSONDecoder().decode(Payload.self, from: Data(payload.utf8))
      } catch {
        throw StudyError(
          .file,
          "entry \(sequence) of the journal of annotations cannot be read (\(error)); run `renalgrade annotations verify`, "
            + "and restore study.sqlite from a copy")
      }
    }
  }

  /// The setting with the number and the hash of the last entry, by which a journal that was cut off at its end is known.
  static let headKey = "annotations.head"

  /// Adds an entry at the end.
  ///
  /// - Returns: the reading's new revision.
  @discardableResult static func append(
    _ payload: Payload, to reading: Reading, edit: String, window: String?, actor: String, at: Date,
    _ database: Database
  ) throws -> Int {
    guard let readingId = reading.id else { throw StudyError(.file, "a reading has no key") }
    let last = try Row.fetchOne(
      database, sql: "SELECT sequence, hash FROM annotationEdit ORDER BY sequence DESC LIMIT 1")
    var entry = Entry(
      sequence: (last?[0] ?? 0) + 1, readingId: readingId, revision: try reading.revision(database) + 1, editId: edit,
      objectId: payload.object?.object, window: window, actor: actor, at: Moment.text(at),
      payload: try encoded(payload), previous: last?[1] ?? "", hash: "")
    entry.hash = entry.expectedHash(reading)
    try entry.insert(database)
    try Setting(key: headKey, value: "\(entry.sequence) \(entry.hash)").save(database)
    return entry.revision
  }

  static func encoded(_ payload: Payload) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(payload), as: UTF8.self)
  }

  /// What a reading's objects are now, deleted ones included, in the order in which they were first made.
  ///
  /// - Parameters:
  ///   - reading: the reading's key.
  ///   - base: takes only objects that were changed after that revision.
  ///   - window: takes only objects that another window changed after it; nil takes all.
  ///   - database: the study's tables.
  /// - Returns: the last entry of each object.
  /// - Throws: `StudyError` where an entry cannot be read; SQLite's error where the tables cannot.
  static func objects(
    _ reading: Int64, since base: Int = 0, butFor window: String? = nil, _ database: Database
  ) throws -> [Payload] {
    let entries = try Entry.fetchAll(
      database,
      sql: """
        SELECT entry.* FROM annotationEdit AS entry
        JOIN (SELECT objectId, MIN(revision) AS first, MAX(revision) AS last FROM annotationEdit
          WHERE readingId = :reading AND objectId IS NOT NULL GROUP BY objectId) AS object
          ON object.objectId = entry.objectId AND object.last = entry.revision
        WHERE entry.readingId = :reading AND entry.objectId IN (SELECT objectId FROM annotationEdit
          WHERE readingId = :reading AND objectId IS NOT NULL AND revision > :base AND (:window IS NULL OR window IS NOT :window))
        ORDER BY object.first
        """, arguments: ["reading": reading, "base": base, "window": window])
    return try entries.map { try $0.decoded() }
  }
}

extension Journal {
  /// Checks the whole journal, and that the outlines in the study's tables are those that it says.
  ///
  /// - Returns: how many entries there are, and what is wrong, in sentences; empty for nothing.
  static func verify(_ database: Database, withContours: Bool = true) throws -> (entries: Int, problems: [String]) {
    let readings = Dictionary(
      uniqueKeysWithValues: try Reading.fetchAll(database).compactMap { reading in reading.id.map { ($0, reading) } })
    var problems: [String] = []
    var (count, previous) = (0, "")
    var revisions: [Int64: Int] = [:]
    var states: [Int64: CaseState] = [:]
    let entries = try Entry.fetchCursor(database, sql: "SELECT * FROM annotationEdit ORDER BY sequence")
    while let entry = try entries.next() {
      count += 1
      func problem(_ text: String) { problems.append("entry \(entry.sequence) of the journal \(text)") }
      guard let reading = readings[entry.readingId] else {
        problem("belongs to no reading")
        continue
      }
      revisions[entry.readingId, default: 0] += 1
      if entry.sequence != count { problem("should be number \(count): an entry is missing or was added") }
      if revisions[entry.readingId] != entry.revision {
        problem("has revision \(entry.revision), but its reading does not")
      }
      if entry.previous != previous { problem("does not follow from the entry before it") }
      if entry.hash != entry.expectedHash(reading) { problem("was changed after it was written") }
      do {
        let payload = try entry.decoded()
        if payload.object?.object != entry.objectId { problem("names another object than it holds") }
        states[entry.readingId] = payload.state ?? states[entry.readingId]
      } catch {
        problem("cannot be read")
      }
      (count, previous) = (max(count, entry.sequence), entry.hash)
    }
    let head = try Setting.fetchOne(database, key: headKey)?.value
    if head != (count == 0 ? nil : "\(count) \(previous)") {
      problems.append("the journal's last entries are missing, or entries were added without RenalGrade")
    }
    for (id, reading) in readings.sorted(by: { $0.key < $1.key }) where reading.state != states[id] ?? .open {
      problems.append(
        "\(reading.name) of \(reading.reader) is \(reading.state.rawValue), but \((states[id] ?? .open).rawValue) in the journal"
      )
    }
    if problems.isEmpty && withContours { problems += try DerivedContours.differences(database) }
    return (count, problems)
  }
}
