import Foundation
import GRDB
import Study
import Support

/// Which exams a reader reads, in which order, and when once more.
struct Worklist {
  private let seed: UInt64
  private let repeats: Double
  private let washoutDays: Double
  private let now: Date

  init(_ settings: StudyProtocol, now: Date) {
    seed = settings.folds.seed
    repeats = settings.annotation.repeats ?? 0
    washoutDays = settings.annotation.washoutDays ?? StudyProtocol.Annotation.usualWashoutDays
    self.now = now
  }

  /// Adds the cases that are due.
  ///
  /// New exams come behind the known ones. When all are done, the drawn repeats follow, each when the washout since the end of its
  /// first reading is over; they have numbers and an order like all other cases.
  func assign(to reader: String, _ database: Database) throws {
    let known = try Reading.filter(Column("reader") == reader).fetchAll(database)
    let former = Set(known.map(\.studyInstanceUID))
    let new = try Self.readable(database).filter { !former.contains($0) }
    var number = known.map(\.number).max() ?? 0
    func add(_ exams: [String], occasion: Int) throws {
      for exam in ordered(exams, reader, occasion: occasion) {
        number += 1
        var reading = Reading(reader: reader, studyInstanceUID: exam, occasion: occasion, number: number)
        try reading.insert(database)
      }
    }
    try add(new, occasion: 1)
    let first = known.filter { $0.occasion == 1 }
    guard new.isEmpty, repeats > 0, !first.isEmpty, first.allSatisfy({ $0.state != .open }) else { return }
    let repeated = Set(known.filter { $0.occasion == 2 }.map(\.studyInstanceUID))
    let ends = Dictionary(uniqueKeysWithValues: first.map { ($0.studyInstanceUID, $0.finishedAt.flatMap(Moment.date)) })
    let drawn = ordered(first.map(\.studyInstanceUID), reader, occasion: 0)
      .prefix(Int((repeats * Double(first.count)).rounded(.up)))
    try add(
      drawn.filter { exam in
        guard !repeated.contains(exam), let end = ends[exam] ?? nil else { return false }
        return now.timeIntervalSince(end) >= washoutDays * 86_400
      }, occasion: 2)
  }

  /// The exams in an order that the seed, the reader and each exam decide, whatever other exams there are.
  private func ordered(_ exams: [String], _ reader: String, occasion: Int) -> [String] {
    exams.map { exam in
      var encoding = CanonicalEncoding(of: "worklist", version: 1)
      encoding.field("seed", Int64(bitPattern: seed))
      encoding.field("reader", reader)
      encoding.field("occasion", occasion)
      encoding.field("exam", exam)
      return (key: encoding.digest, exam: exam)
    }.sorted { $0.key < $1.key }.map(\.exam)
  }

  /// The exams that have slices, and whose patient neither images, pathology nor selection have excluded.
  private static func readable(_ database: Database) throws -> [String] {
    try String.fetchAll(
      database,
      sql: """
        SELECT studyInstanceUID FROM exam JOIN patient ON patient.id = exam.patientId
        WHERE EXISTS (SELECT 1 FROM series JOIN slice ON slice.seriesId = series.id WHERE series.examId = exam.id)
          AND patient.code NOT IN (SELECT patientCode FROM setAside
            WHERE excludes AND patientCode IS NOT NULL AND stage IN ('dicom', 'pathology', 'cohort'))
        ORDER BY exam.id
        """)
  }

  /// A reader's cases in the order of their numbers.
  static func cases(of reader: String, _ database: Database) throws -> [Case] {
    let readings = try Reading.fetchAll(
      database,
      sql: """
        SELECT * FROM reading WHERE reader = ? AND studyInstanceUID IN (SELECT exam.studyInstanceUID FROM exam
          JOIN series ON series.examId = exam.id JOIN slice ON slice.seriesId = series.id)
        ORDER BY number
        """, arguments: [reader])
    let named = try Row.fetchAll(
      database,
      sql: """
        SELECT studyInstanceUID, lesion.name FROM exam JOIN lesion ON lesion.patientId = exam.patientId
        """)
    var lesions: [String: Set<Identifier>] = [:]
    for row in named { lesions[row[0], default: []].insert(Identifier(row[1])) }
    let live = try Row.fetchAll(
      database,
      sql: """
        SELECT entry.readingId, json_extract(payload, '$.object.kind'), json_extract(payload, '$.object.lesion'),
          json_extract(payload, '$.place.instance'), json_extract(payload, '$.place.frame')
        FROM annotationEdit AS entry JOIN reading ON reading.id = entry.readingId
        WHERE reading.reader = ? AND entry.objectId IS NOT NULL
          AND json_extract(payload, '$.object.isDeleted') IS NULL
          AND entry.revision = (SELECT MAX(revision) FROM annotationEdit
            WHERE readingId = entry.readingId AND objectId = entry.objectId)
        """, arguments: [reader])
    var added: [Int64: Set<Identifier>] = [:]
    var slices: [Int64: Set<Journal.Place>] = [:]
    for row in live {
      let id: Int64 = row[0]
      if let lesion = row[2] as String? { added[id, default: []].insert(Identifier(lesion)) }
      guard row[1] == "outline", let instance = row[3] as String? else { continue }
      slices[id, default: []].insert(Journal.Place(series: "", instance: instance, frame: row[4]))
    }
    return readings.map { reading in
      Case(
        case: reading.name, state: reading.state,
        lesions: (lesions[reading.studyInstanceUID] ?? []).union(reading.id.flatMap { added[$0] } ?? []).count,
        outlinedSlices: reading.id.flatMap { slices[$0]?.count } ?? 0)
    }
  }
}
