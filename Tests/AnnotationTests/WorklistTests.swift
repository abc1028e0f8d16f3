@testable import Annotation
import Foundation
import GRDB
@testable import Study
import Testing

/// The order of cases, and hidden repeats.
struct WorklistTests {
  private let start = Date(timeIntervalSince1970: 1_800_000_000)

  private func exams(_ fixture: ReadingStudy, _ reader: String) throws -> [String] {
    try fixture.study.read { database in
      try String.fetchAll(
        database, sql: "SELECT studyInstanceUID FROM reading WHERE reader = ? ORDER BY number", arguments: [reader])
    }
  }

  private func finish(_ desk: AnnotationDesk, _ name: String, _ reader: String) throws {
    let detail = try desk.detail(of: name, reader: reader)
    let assessment = AnnotationObject(object: UUID().uuidString, content: .assessment(lesion: nil, .notAssessable))
    let saved = try desk.save(
      [Edit(object: assessment)], case: name, reader: reader, base: detail.revision, window: UUID().uuidString)
    _ = try desk.setState(.done, case: name, reader: reader, base: saved.revision)
  }

  @Test func `each reader has an order of the own, which new exams do not change`() throws {
    let fixture = try ReadingStudy(patients: 12)
    let desk = try fixture.desk()
    for reader in ["anna", "ben"] { #expect(try desk.worklist(for: reader).count == 12) }
    let (anna, ben) = (try exams(fixture, "anna"), try exams(fixture, "ben"))
    #expect(Set(anna) == Set(ben) && anna != ben)
    // Another study of the same seed gives the same order.
    let twin = try ReadingStudy(patients: 12)
    _ = try twin.desk().worklist(for: "anna")
    #expect(try exams(twin, "anna") == anna)
    let otherSeed = try ReadingStudy(patients: 12) { $0.folds.seed += 1 }
    _ = try otherSeed.desk().worklist(for: "anna")
    #expect(try exams(otherSeed, "anna") != anna)
    try fixture.study.write { database in
      var patient = Patient(code: "late", sourceID: "late")
      try patient.insert(database)
      var exam = Exam(patientId: patient.id ?? 0, studyInstanceUID: "2.25.99")
      try exam.insert(database)
      var series = Series(examId: exam.id ?? 0, seriesInstanceUID: "2.25.99.1", description: nil)
      try series.insert(database)
      var slice = SliceRecord(
        seriesId: series.id ?? 0, sopInstanceUID: "2.25.99.1.1", frame: 0, path: "x", ordinal: 0, columns: 9, rows: 9,
        rowSpacing: nil, columnSpacing: nil)
      try slice.insert(database)
      try SetAside(stage: .cohort, patientCode: "P12", excludes: true, subject: "", reason: "").insert(database)
    }
    #expect(try desk.worklist(for: "anna").count == 13)
    #expect(try exams(fixture, "anna") == anna + ["2.25.99"])
    try desk.addReader(id: "carl", role: .reader)
    #expect(try desk.worklist(for: "carl").count == 12)
  }

  @Test func `repeats come after all first readings and their washout, and look like any case`() throws {
    let fixture = try ReadingStudy(patients: 10) { ($0.annotation.repeats, $0.annotation.washoutDays) = (0.2, 30) }
    let first = try fixture.desk(at: start)
    let names = try first.worklist(for: "anna").map(\.case)
    for name in names.dropLast() { try finish(first, name, "anna") }
    let later = try fixture.desk(at: start + 31 * 86_400)
    #expect(try later.worklist(for: "anna").count == 10)
    // The last first reading ends after the washout of the others.
    try finish(later, names[9], "anna")
    let drawn = try later.worklist(for: "anna")
    let end = try fixture.desk(at: start + 62 * 86_400)
    let all = try end.worklist(for: "anna")
    #expect(all.count == 12 && (drawn.count == 12 || drawn.count == 11))
    #expect(try end.worklist(for: "anna") == all)
    let repeated = try exams(fixture, "anna").suffix(2)
    let first10 = try exams(fixture, "anna").prefix(10)
    #expect(Set(repeated).count == 2 && Set(repeated).isSubset(of: first10))
    let detail = try end.detail(of: "case-0012", reader: "anna")
    #expect(detail.objects.isEmpty && detail.revision == 0 && detail.state == .open)
    let json = String(decoding: try JSONEncoder().encode(all[11]), as: UTF8.self)
    #expect(!json.contains("occasion") && !json.contains("2.25"))
    // What is drawn in a repeat is kept apart.
    _ = try end.save([.square(slice: 1)], case: "case-0012", reader: "anna", base: 0, window: UUID().uuidString)
    #expect(try fixture.study.read { try StoredContour.fetchAll($0) }.map(\.occasion) == [2])
    #expect(try end.worklist(for: "ben").count == 10)
  }

  @Test func `without repeats in the protocol there are none`() throws {
    let fixture = try ReadingStudy(patients: 2)
    let desk = try fixture.desk(at: start)
    for one in try desk.worklist(for: "anna") { try finish(desk, one.case, "anna") }
    #expect(try fixture.desk(at: start + 1e9).worklist(for: "anna").count == 2)
  }
}
