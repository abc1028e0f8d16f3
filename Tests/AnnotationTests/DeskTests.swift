@testable import Annotation
import Foundation
import GRDB
import Imaging
@testable import Study
import Support
import Testing

/// Cases, what is saved of them, and who sees it.
struct DeskTests {
  private let window = "11111111-1111-4111-8111-111111111111"
  private let other = "22222222-2222-4222-8222-222222222222"

  @Test func `what is saved is there again, to the last bit`() throws {
    let fixture = try ReadingStudy()
    let desk = try fixture.desk()
    #expect(try desk.worklist(for: "anna").map(\.case) == ["case-0001", "case-0002", "case-0003"])
    let name = try fixture.case(of: 2, "anna")
    let vertices: [SIMD2<Double>] = [[10.1, 1.0 / 3], [30.000000000000004, 10], [5e-324, 47.5]]
    let outline = AnnotationObject(
      object: UUID().uuidString.lowercased(),
      content: .outline(
        .init(lesion: "right", series: 1, slice: 3, vertices: vertices, provenance: .corrected, tool: "livewire")))
    let objects = [
      outline,
      AnnotationObject(object: UUID().uuidString, content: .lesion("Lesion 3")),
      AnnotationObject(object: UUID().uuidString, content: .assessment(lesion: "left", .noLesion)),
      AnnotationObject(object: UUID().uuidString, content: .assessment(lesion: nil, .notAssessable)),
      AnnotationObject(object: UUID().uuidString, content: .note(lesion: nil, "<script>alert(1)</script>\n\u{1F600}")),
      AnnotationObject(
        object: UUID().uuidString,
        content: .diameter(.init(lesion: "left", series: 0, slice: 1, ends: [[1, 2], [3, 4]], perpendicular: []))),
      AnnotationObject(object: UUID().uuidString, content: .offset(series: 1, millimetres: -3.5)),
      AnnotationObject(object: UUID().uuidString, content: .keys(["zoomIn": ["z", "+"]])),
    ]
    let edits = objects.map { Edit(object: $0) }
    let saved = try desk.save(edits, case: name, reader: "anna", base: 0, window: window)
    #expect(saved == Revision(revision: 8, acknowledged: edits.map(\.id)))
    // Another process reads the same.
    let detail = try AnnotationDesk(StudyFolder(at: fixture.study.url)).detail(of: name, reader: "anna")
    #expect(detail.objects == objects && detail.revision == 8 && detail.state == .open)
    #expect(detail.lesions.map(\.lesion) == ["left", "right", "Lesion 3"])
    #expect(detail.lesions.map(\.isFromPathology) == [true, true, false])
    #expect(
      try desk.worklist(for: "anna").first { $0.case == name }
        == Case(case: name, state: .open, lesions: 3, outlinedSlices: 1))
    let stored = try fixture.study.read { try StoredContour.fetchAll($0) }
    #expect(stored.map(\.vertices.vertices) == [vertices] && stored.first?.source == .page)
    #expect(try desk.verify().problems.isEmpty)
    // JSON and back.
    let json = try JSONEncoder().encode(detail)
    #expect(try JSONDecoder().decode(CaseDetail.self, from: json) == detail)
    #expect(String(decoding: json, as: UTF8.self).contains(#""position":null"#))
  }

  @Test func `the reader's keys hold in other cases`() throws {
    let fixture = try ReadingStudy()
    let desk = try fixture.desk()
    _ = try desk.worklist(for: "anna")
    let keys = AnnotationObject(object: UUID().uuidString, content: .keys(["zoomIn": ["q"]]))
    _ = try desk.save([Edit(object: keys)], case: "case-0001", reader: "anna", base: 0, window: window)
    #expect(try desk.detail(of: "case-0002", reader: "anna").objects == [keys])
  }

  @Test func `a repeated request is answered alike and written once`() throws {
    let fixture = try ReadingStudy()
    let desk = try fixture.desk()
    _ = try desk.worklist(for: "anna")
    let edits = [Edit.square(slice: 1), Edit.square(slice: 2)]
    let first = try desk.save(edits, case: "case-0001", reader: "anna", base: 0, window: window)
    #expect(try desk.save(edits, case: "case-0001", reader: "anna", base: 0, window: window) == first)
    // In part repeated, also after another window has changed the case, and after it is done.
    let third = Edit.square(slice: 3)
    let more = try desk.save([edits[1], third], case: "case-0001", reader: "anna", base: 0, window: window)
    #expect(more == Revision(revision: 3, acknowledged: [edits[1].id, third.id]))
    _ = try desk.save([.square(slice: 4)], case: "case-0001", reader: "anna", base: 3, window: other)
    #expect(try desk.save(edits, case: "case-0001", reader: "anna", base: 0, window: window).revision == 4)
    #expect(try fixture.study.read { try Journal.Entry.fetchCount($0) } == 4)
    // The same id with another content, and in another case.
    let forged = Edit(id: third.id, object: Edit.square(slice: 5).object)
    for (edit, name) in [(forged, "case-0001"), (third, "case-0002")] {
      let error = #expect(throws: DeskError.self) {
        try desk.save([edit], case: name, reader: "anna", base: 0, window: window)
      }
      guard case .refused(_, edit.id) = error else { Issue.record("\(String(describing: error))"); continue }
    }
  }

  @Test func `a page with other numbers of slices is refused, and what it saved before is acknowledged`() throws {
    let fixture = try ReadingStudy()
    let desk = try fixture.desk()
    _ = try desk.worklist(for: "anna")
    let name = try fixture.case(of: 1, "anna")
    let numbering = try desk.detail(of: name, reader: "anna").numbering
    let saved = Edit.square(slice: 1)
    func save(_ edit: Edit, base: Int, _ numbering: String) throws -> Revision {
      try desk.save([edit], case: name, reader: "anna", base: base, window: window, numbering: numbering)
    }
    #expect(try save(saved, base: 0, numbering).revision == 1)
    // Another import finds a slice below all others.
    try fixture.study.write { database in
      try database.execute(sql: "UPDATE slice SET ordinal = ordinal + 1 WHERE sopInstanceUID LIKE '2.25.1.1.%'")
      let series = try Int64.fetchOne(database, sql: "SELECT id FROM series WHERE seriesInstanceUID = '2.25.1.1'")
      var slice = SliceRecord(
        seriesId: series ?? 0, sopInstanceUID: "2.25.1.1.99", frame: 0, path: "dicom/99", ordinal: 0, columns: 64,
        rows: 48, rowSpacing: 0.5, columnSpacing: 1)
      try slice.insert(database)
    }
    let detail = try desk.detail(of: name, reader: "anna")
    #expect(detail.numbering != numbering && detail.objects.compactMap(\.outline?.slice) == [2])
    let error = #expect(throws: DeskError.self) { try save(.square(slice: 3), base: 1, numbering) }
    guard case .refused(let reason, nil) = error else { Issue.record("\(String(describing: error))"); return }
    #expect(reason.contains("imported again") && reason.contains("load the page again"))
    #expect(throws: DeskError.self) {
      try desk.slice(1, ofSeries: 0, case: name, reader: "anna", numbering: numbering)
    }
    #expect(try save(saved, base: 0, numbering) == Revision(revision: 1, acknowledged: [saved.id]))
    #expect(try save(.square(slice: 3), base: 1, detail.numbering).revision == 2)
    #expect(try desk.verify().problems == [])
  }

  @Test func `the later of two windows is told, and nothing is overwritten`() throws {
    let fixture = try ReadingStudy()
    let desk = try fixture.desk()
    _ = try desk.worklist(for: "anna")
    let id = UUID().uuidString.lowercased()
    let mine = Edit.square(slice: 1, object: id)
    _ = try desk.save([mine], case: "case-0001", reader: "anna", base: 0, window: window)
    // A window that sends on without waiting for answers does not conflict with itself.
    #expect(
      try desk.save([.square(slice: 2)], case: "case-0001", reader: "anna", base: 0, window: window).revision == 2)
    let theirs = Edit.square(slice: 1, at: [20, 20], object: id)
    let error = #expect(throws: DeskError.self) {
      try desk.save([theirs], case: "case-0001", reader: "anna", base: 1, window: other)
    }
    guard case .conflict(2, let objects) = error else { Issue.record("\(String(describing: error))"); return }
    #expect(objects.map(\.outline?.slice) == [2])
    #expect(try desk.detail(of: "case-0001", reader: "anna").objects.first == mine.object)
    #expect(try desk.save([theirs], case: "case-0001", reader: "anna", base: 2, window: other).revision == 3)
    #expect(throws: DeskError.self) {
      try desk.save([.square(slice: 3)], case: "case-0001", reader: "anna", base: 4, window: other)
    }
  }

  @Test func `another's case is an unknown one`() throws {
    let fixture = try ReadingStudy()
    let desk = try fixture.desk()
    for reader in ["anna", "ben"] { _ = try desk.worklist(for: reader) }
    let secret = Edit.square(slice: 1)
    let name = try fixture.case(of: 1, "anna")
    _ = try desk.save([secret], case: name, reader: "anna", base: 0, window: window)
    for case let one in try desk.worklist(for: "ben") {
      #expect(one.outlinedSlices == 0)
      let detail = try desk.detail(of: one.case, reader: "ben")
      #expect(detail.objects.isEmpty && detail.revision == 0)
    }
    for (name, reader) in [
      ("case-0004", "ben"), ("case-1", "ben"), ("case-00001", "ben"), ("", "ben"), ("case-0001", "ada"),
      ("case-0001", "olga"), ("case-0001", "nobody"), ("case--001", "ben"),
    ] {
      #expect(throws: DeskError.noSuchCase) { try desk.detail(of: name, reader: reader) }
      #expect(throws: DeskError.noSuchCase) { try desk.slice(0, ofSeries: 0, case: name, reader: reader) }
      #expect(throws: DeskError.noSuchCase) {
        try desk.save([.square(slice: 1)], case: name, reader: reader, base: 0, window: window)
      }
    }
    #expect(try desk.worklist(for: "ada").isEmpty)
    #expect(try desk.worklist(for: "nobody").isEmpty)
  }

  @Test func `what cannot be right is refused, and nothing of its request is kept`() throws {
    let fixture = try ReadingStudy()
    let desk = try fixture.desk()
    _ = try desk.worklist(for: "anna")
    func outline(_ vertices: [SIMD2<Double>], lesion: String = "left", series: Int = 0, slice: Int = 0)
      -> AnnotationObject.Content
    {
      .outline(.init(lesion: lesion, series: series, slice: slice, vertices: vertices))
    }
    let square: [SIMD2<Double>] = [[1, 1], [9, 1], [9, 9], [1, 9]]
    let circle = (0...EditChecks.mostVertices).map { index in
      let angle = 2 * Double.pi * Double(index) / Double(EditChecks.mostVertices + 1)
      return SIMD2(20 + 10 * cos(angle), 20 + 10 * sin(angle))
    }
    let bad: [AnnotationObject.Content] = [
      outline([[1, 1], [9, 9], [9, 1], [1, 9]]), outline([[1, 1], [2, 2]]), outline([[1, 1], [65, 1], [9, 9]]),
      outline([[1, 1], [9, 1], [.nan, 9]]), outline([[1, 1], [2, 2], [3, 3]]), outline(circle),
      outline(square, lesion: ""), outline(square, lesion: "a\u{7}b"),
      outline(square, lesion: String(repeating: "x", count: 101)),
      outline(square, series: 2), outline(square, series: -1), outline(square, slice: 6), outline(square, slice: .max),
      .note(lesion: nil, String(repeating: "x", count: 10_001)), .offset(series: 0, millimetres: .infinity),
      .offset(series: 7, millimetres: 1), .keys(["a": Array(repeating: "k", count: 11)]),
      .diameter(.init(lesion: "left", series: 0, slice: 0, ends: [[1, 1]], perpendicular: [])),
      .diameter(.init(lesion: "left", series: 0, slice: 0, ends: [[1, 1], [1e9, 1]], perpendicular: [])),
    ]
    for content in bad {
      let edit = Edit(object: AnnotationObject(object: UUID().uuidString, content: content))
      let error = #expect(throws: DeskError.self) {
        try desk.save([.square(slice: 1), edit], case: "case-0001", reader: "anna", base: 0, window: window)
      }
      guard case .refused(_, edit.id) = error else {
        Issue.record("\(content): \(String(describing: error))"); continue
      }
    }
    for (id, object, window) in [("x", window, window), (window, "x", window), (window, window, "x")] {
      #expect(throws: DeskError.self) {
        let edit = Edit(id: id, object: Edit.square(slice: 0, object: object).object)
        return try desk.save([edit], case: "case-0001", reader: "anna", base: 0, window: window)
      }
    }
    #expect(try fixture.study.read { try Journal.Entry.fetchCount($0) } == 0)
    #expect(try fixture.contours().isEmpty)
  }

  @Test func `a case is finished, locked, and opened again with a reason`() throws {
    let fixture = try ReadingStudy()
    let desk = try fixture.desk()
    _ = try desk.worklist(for: "anna")
    let name = try fixture.case(of: 2, "anna")
    let assessment = AnnotationObject(object: UUID().uuidString, content: .assessment(lesion: "left", .noLesion))
    _ = try desk.save([Edit(object: assessment)], case: name, reader: "anna", base: 0, window: window)
    // The lesion on the right has neither outline nor assessment.
    let error = #expect(throws: DeskError.self) { try desk.setState(.done, case: name, reader: "anna", base: 1) }
    #expect(error?.message.contains("right") == true)
    let second = AnnotationObject(object: UUID().uuidString, content: .assessment(lesion: "RIGHT", .notAssessable))
    _ = try desk.save([Edit(object: second)], case: name, reader: "anna", base: 1, window: window)
    #expect(throws: DeskError.self) { try desk.setState(.done, case: name, reader: "anna", base: 1) }
    #expect(try desk.setState(.done, case: name, reader: "anna", base: 2) == CaseStatus(state: .done, revision: 3))
    #expect(try desk.setState(.done, case: name, reader: "anna", base: 2) == CaseStatus(state: .done, revision: 3))
    func isLocked() -> Bool {
      let answer = Result { () throws(DeskError) in
        try desk.save([.square(slice: 1)], case: name, reader: "anna", base: 3, window: window)
      }
      guard case .failure(.locked) = answer else { return false }
      return true
    }
    #expect(isLocked())
    #expect(try desk.setState(.open, case: name, reader: "anna", base: 3).revision == 4)
    #expect(try desk.setState(.done, case: name, reader: "anna", base: 4).revision == 5)
    #expect(throws: DeskError.self) { try desk.reopen(name, of: "anna", by: "olga", reason: "too small") }
    #expect(try desk.lock(readers: ["ben"], by: "olga") == 0)
    #expect(try desk.lock(by: "olga") == 1)
    #expect(isLocked())
    #expect(throws: DeskError.self) { try desk.setState(.open, case: name, reader: "anna", base: 6) }
    #expect(throws: DeskError.self) { try desk.reopen(name, of: "anna", by: "olga", reason: " ") }
    try desk.reopen(name, of: "anna", by: "olga", reason: "the wrong kidney")
    _ = try desk.save([.square(slice: 1)], case: name, reader: "anna", base: 7, window: window)
    let entries = try fixture.study.read { try Journal.Entry.order(Column("sequence")).fetchAll($0) }
    #expect(entries.suffix(3).map(\.actor) == ["olga", "olga", "anna"])
    #expect(try entries.compactMap { try $0.decoded().reason } == ["the wrong kidney"])
    #expect(try desk.verify().problems.isEmpty)
  }

  @Test func `readers have names and roles of their own`() throws {
    let fixture = try ReadingStudy()
    let desk = try fixture.desk()
    for name in ["", "a b", "consensus", "-a", "../x", "Anna", String(repeating: "a", count: 65)] {
      #expect(throws: DeskError.self) { try desk.addReader(id: name, role: .reader) }
    }
    #expect(throws: DeskError.self) { try desk.addReader(id: "anna", role: .owner) }
    try desk.addReader(id: "anna", role: .reader, passwordHash: "hash")
    #expect(try desk.reader("anna")?.password == "hash")
    #expect(try desk.readers().map(\.id) == ["ada", "anna", "ben", "olga"])
  }
}
