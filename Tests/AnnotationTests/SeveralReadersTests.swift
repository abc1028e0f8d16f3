@testable import Annotation
import Foundation
import GRDB
@testable import Study
import Support
import Testing

/// Imports of several readers beside one another, and beside what was drawn on the page.
struct SeveralReadersTests {
  private func contour(_ id: String, _ reader: String, patient: Int = 1, isBad: Bool = false) -> Contour {
    Contour(
      annotationID: id, studyInstanceUID: "2.25.\(patient)", seriesInstanceUID: "2.25.\(patient).1",
      sopInstanceUID: "2.25.\(patient).1.2", labelName: "left", reader: reader,
      vertices: isBad ? [[1, 1], [2, 2]] : [[10, 10], [30, 10], [30, 30], [10, 30]], width: 64, height: 48)
  }

  private func ids(_ fixture: ReadingStudy) throws -> [String] {
    try fixture.study.read { try StoredContour.fetchAll($0) }.map { "\($0.reader) \($0.annotationID)" }.sorted()
  }

  private func run(_ contours: [Contour], _ fixture: ReadingStudy, _ source: String = "a.json") throws {
    _ = try ContourImport.run(contours, source: source, into: fixture.study)
  }

  @Test func `an import replaces its own readers' contours and nobody else's`() throws {
    let fixture = try ReadingStudy()
    try run([contour("1", "U1"), contour("2", "U2")], fixture)
    try run([contour("3", "U2"), contour("4", "U3")], fixture, "b.json")
    #expect(try ids(fixture) == ["U1 1", "U2 3", "U3 4"])
    try run([contour("3", "U2"), contour("4", "U3")], fixture, "b.json")
    #expect(try ids(fixture) == ["U1 1", "U2 3", "U3 4"])
    #expect(try ContourImport.remove("U3", from: fixture.study) == 1)
    #expect(try ids(fixture) == ["U1 1", "U2 3"])
    #expect(throws: StudyError.self) { try ContourImport.remove("U3", from: fixture.study) }
  }

  @Test func `what one reader's file set aside stays when another's is imported, and goes with a better file`() throws {
    let fixture = try ReadingStudy()
    func excluded() throws -> [String] { try fixture.study.setAside().filter(\.excludes).compactMap(\.patientCode) }
    try run([contour("1", "U1", isBad: true), contour("2", "U1", patient: 3)], fixture)
    #expect(try excluded() == ["P1"])
    try run([contour("3", "U2")], fixture, "b.json")
    #expect(try excluded() == ["P1"])
    try run([contour("1", "U1"), contour("2", "U1", patient: 3)], fixture, "corrected.json")
    #expect(try excluded().isEmpty)
  }

  @Test func `what was drawn on the page is not imported over`() throws {
    let fixture = try ReadingStudy()
    try run([contour("1", "U1")], fixture)
    let desk = try fixture.desk()
    #expect(throws: DeskError.self) { try desk.addReader(id: "U1", role: .reader) }
    _ = try desk.worklist(for: "anna")
    let name = try fixture.case(of: 1, "anna")
    _ = try desk.save([.square(slice: 1)], case: name, reader: "anna", base: 0, window: UUID().uuidString)
    let before = try fixture.contours()
    #expect(throws: StudyError.self) { try run([contour("2", "anna"), contour("3", "U1")], fixture) }
    #expect(try fixture.contours() == before)
    try run([contour("3", "U1")], fixture)
    #expect(try fixture.contours().count == 2)
    #expect(try desk.verify().problems.isEmpty)
  }

  @Test func `settings are known of each reader`() throws {
    let fixture = try ReadingStudy()
    try run([contour("1", "U1")], fixture)
    // As a version before readers were told apart left it.
    try fixture.study.write { database in
      try database.execute(sql: "UPDATE setting SET key = 'contours.settings' WHERE key = 'contours.settings of U1'")
    }
    var settings = try fixture.study.readProtocol().annotation
    let check = { (settings: StudyProtocol.Annotation) in
      try fixture.study.read { try ContourSettings.requireUnchanged(settings, $0) }
    }
    try check(settings)
    settings.integerCoordinate = .pixelCorner
    #expect(throws: StudyError.self) { try check(settings) }
    _ = try ContourImport.run(
      [contour("2", "U2")], skipped: [], source: "b.json", settings, into: fixture.study.tables)
    // Those of U1 were still imported with the former settings.
    #expect(throws: StudyError.self) { try check(settings) }
    _ = try ContourImport.run(
      [contour("1", "U1")], skipped: [], source: "a.json", settings, into: fixture.study.tables)
    try check(settings)
  }
}
