@testable import Annotation
import Foundation
import GRDB
import Imaging
@testable import Study
import Support
import Testing

/// The journal: nothing changes it unnoticed, and the contours are what it says.
struct JournalTests {
  private let window = UUID().uuidString

  /// A study with ten entries of two readers.
  private func filled() throws -> (ReadingStudy, AnnotationDesk) {
    let fixture = try ReadingStudy()
    let desk = try fixture.desk()
    for reader in ["anna", "ben"] {
      _ = try desk.worklist(for: reader)
      for slice in 0..<5 {
        _ = try desk.save([.square(slice: slice)], case: "case-0001", reader: reader, base: slice, window: window)
      }
    }
    return (fixture, desk)
  }

  @Test(arguments: [
    "UPDATE annotationEdit SET payload = '{}' WHERE sequence = 3", "DELETE FROM annotationEdit WHERE sequence = 10",
    "DELETE FROM annotationEdit", "UPDATE annotationEdit SET sequence = 20 WHERE sequence = 10",
    "INSERT OR REPLACE INTO annotationEdit SELECT * FROM annotationEdit WHERE sequence = 4",
    """
    INSERT OR REPLACE INTO annotationEdit
    SELECT 11, readingId, revision, editId, objectId, window, actor, at, payload, previous, hash
    FROM annotationEdit WHERE sequence = 4
    """,
    "DELETE FROM reading", "DELETE FROM reader",
  ])
  func `the tables refuse changes`(sql: String) throws {
    let (fixture, desk) = try filled()
    #expect(throws: (any Error).self) { try fixture.study.write { try $0.execute(sql: sql) } }
    let found = try desk.verify()
    #expect(found.entries == 10 && found.problems.isEmpty)
  }

  @Test(arguments: [
    "UPDATE annotationEdit SET payload = replace(payload, '18', '19') WHERE sequence = 3",
    "UPDATE annotationEdit SET at = '2020-01-01T00:00:00.000Z' WHERE sequence = 10",
    "UPDATE annotationEdit SET actor = 'ben' WHERE sequence = 1",
    "UPDATE annotationEdit SET hash = 'x' WHERE sequence = 5", "DELETE FROM annotationEdit WHERE sequence = 1",
    "DELETE FROM annotationEdit WHERE sequence = 5", "DELETE FROM annotationEdit WHERE sequence = 10",
    "DELETE FROM annotationEdit", "UPDATE reading SET reader = 'ada' WHERE reader = 'anna'",
    "UPDATE reading SET studyInstanceUID = '2.25.9' WHERE id IN (SELECT readingId FROM annotationEdit)",
    "UPDATE reading SET state = 'locked' WHERE id = (SELECT readingId FROM annotationEdit WHERE sequence = 1)",
    "UPDATE annotationEdit SET payload = '{\"object\":' WHERE sequence = 2",
    "UPDATE contour SET vertices = replace(vertices, '18', '19') WHERE id = 2", "DELETE FROM contour WHERE id = 2",
    "UPDATE contour SET occasion = 2 WHERE id = 2", "DELETE FROM setting WHERE key = 'annotations.head'",
    "INSERT INTO contour SELECT NULL, sliceId, lesionId, reader, 'new', vertices, NULL, 1, 'page' FROM contour WHERE id = 1",
  ])
  func `damage is found`(sql: String) throws {
    let (fixture, desk) = try filled()
    try fixture.study.write { database in
      for change in ["UPDATE", "DELETE"] { try database.execute(sql: "DROP TRIGGER annotationEdit\(change)") }
      try database.execute(sql: sql)
    }
    #expect(try !desk.verify().problems.isEmpty)
  }

  @Test func `after any edits the contours are the replay of the journal`() throws {
    var random = SplitMix64(seed: 14)
    let fixture = try ReadingStudy()
    let desk = try fixture.desk()
    var revisions: [String: Int] = [:]
    var objects: [String: [String]] = [:]
    /// What must be there, kept by hand: by reader, case and object.
    var model: [String: AnnotationObject] = [:]
    for reader in ["anna", "ben"] { _ = try desk.worklist(for: reader) }
    for step in 0..<400 {
      let reader = ["anna", "ben"][random.below(2)]
      let name = "case-000\(1 + random.below(3))"
      let key = "\(reader) \(name)"
      var edits: [Edit] = []
      for _ in 0...random.below(3) {
        let isNew = objects[key, default: []].isEmpty || random.below(3) == 0
        let object =
          isNew ? UUID().uuidString : objects[key, default: []][random.below(objects[key, default: []].count)]
        if isNew { objects[key, default: []].append(object) }
        var edit = Edit.square(
          ["left", "right", "added"][random.below(3)], series: random.below(2), slice: random.below(6),
          at: [random.unit() * 40, random.unit() * 30], side: 1 + random.unit() * 10, object: object)
        edit.object.isDeleted = !isNew && random.below(3) == 0
        edits.append(edit)
        model["\(key) \(object)"] = edit.object
      }
      revisions[key] = try desk.save(
        edits, case: name, reader: reader, base: revisions[key] ?? 0, window: window
      ).revision
      if step % 40 == 39 { #expect(try desk.verify().problems == []) }
    }
    let incremental = try fixture.contours()
    #expect(incremental.count > 50)
    for reader in ["anna", "ben"] {
      for one in try desk.worklist(for: reader) {
        let found = try desk.detail(of: one.case, reader: reader).objects
        let expected = model.filter { $0.key.hasPrefix("\(reader) \(one.case) ") && !$0.value.isDeleted }.map(\.value)
        #expect(Set(found.map(\.object)) == Set(expected.map(\.object)))
        for object in expected { #expect(found.contains(object)) }
      }
    }
    // From nothing, too.
    try fixture.study.write { try $0.execute(sql: "DELETE FROM contour WHERE id % 2 = 0") }
    try fixture.study.write { try DerivedContours.rebuild($0) }
    #expect(try fixture.contours() == incremental)
    try fixture.study.write { try $0.execute(sql: "UPDATE contour SET occasion = 3 WHERE id % 3 = 0") }
    #expect(try !desk.verify().problems.isEmpty)
    try desk.repair()
    #expect(try fixture.contours() == incremental)
  }

  @Test func `a lesion that pathology lists later gets the outlines that were drawn of it`() throws {
    let fixture = try ReadingStudy()
    let desk = try fixture.desk()
    _ = try desk.worklist(for: "anna")
    let name = try fixture.case(of: 1, "anna")
    _ = try desk.save([.square("Upper pole", slice: 1)], case: name, reader: "anna", base: 0, window: window)
    #expect(try fixture.contours().isEmpty)
    try fixture.study.write { database in
      var lesion = Lesion(patientId: 1, name: "upper pole", grade: try #require(Grade(rawValue: 3)), attributes: [:])
      try lesion.insert(database)
      try DerivedContours.rebuild(database)
    }
    #expect(try fixture.contours().count == 1)
    try fixture.study.write { database in
      try Lesion.filter(Column("name") == "upper pole").deleteAll(database)
      try DerivedContours.rebuild(database)
    }
    #expect(try fixture.contours().isEmpty)
    #expect(try desk.detail(of: name, reader: "anna").objects.count == 1)
    #expect(try desk.verify().problems.isEmpty)
  }
}
