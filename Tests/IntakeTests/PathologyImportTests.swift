import Foundation
import GRDB
import TestSupport
import Testing

@testable import Intake
@testable import Study

@Suite struct PathologyImportTests {
  @Test func rowsWithoutCTAreListedWithoutTheirPatient() throws {
    let test = try ImportFolder()
    try test.writeSeries("a", patient: "P01")
    try test.importDICOM("a")
    let summary = try test.importPathology("patient,lesion,grade\nP01,1,2\nDOE-JANE,1,3\nDOE-JANE,2,3\n")
    #expect(summary == .init(lesions: 1, withoutImages: 2, removedLesions: 0, setAside: 2))
    let entries = try test.study.setAside()
    #expect(entries.map(\.subject) == ["pathology.csv:3", "pathology.csv:4"])
    #expect(entries.allSatisfy { !$0.excludes && $0.patientCode == nil && !$0.reason.contains("DOE") })
  }

  @Test(arguments: [
    ("1-11", "11-1", false), ("1-11", "111", false), ("P-001", "p 001", true), ("P001", "P_001", true),
    ("P-1-11", "p1-11", true), ("P-1-11", "P-11-1", false), ("0012", "00 12", true), ("1-11", "1.11", true),
    ("P01", "P01.", true), ("P01", "P1", false),
  ]) func spellingsOfOneID(first: String, second: String, same: Bool) throws {
    #expect((PathologyImport.foldedSpelling(first) == PathologyImport.foldedSpelling(second)) == same)
    let test = try ImportFolder()
    for patient in [first, second] { try test.writeSeries("a", patient: patient) }
    try test.importDICOM("a")
    let summary = try test.importPathology("patient,lesion,grade\n\(first),1,2\n\(second),1,3\n")
    #expect(summary.lesions == (same ? 0 : 2))
  }

  @Test(arguments: ["I/II", "0/3", "3e0", "I II", "2-3", "3?", "G5"])
  func aGradeThatIsNotUnderstoodSetsItsPatientAside(_ grade: String) throws {
    let test = try ImportFolder()
    for patient in ["P01", "P02"] { try test.writeSeries("a", patient: patient) }
    try test.importDICOM("a")
    let summary = try test.importPathology("patient,lesion,grade\nP01,1,2\nP01,2,\(grade)\nP02,1,3\n")
    #expect(summary.lesions == 1 && summary.notUnderstood == 1)
    #expect(try test.study.setAside().contains { $0.excludes && $0.reason.contains("\"\(grade)\"") })
  }

  @Test func aRowWithoutPatientSetsTheOneAboveAside() throws {
    let test = try ImportFolder()
    for patient in ["P01", "P02"] { try test.writeSeries("a", patient: patient) }
    try test.importDICOM("a")
    let summary = try test.importPathology("patient,lesion,grade\nP01,1,2\n,2,4\nP02,1,3\n")
    #expect(summary.lesions == 1)
    let grades = try test.study.read { try Lesion.fetchAll($0).map(\.grade.rawValue) }
    #expect(grades == [3])
    #expect(try test.study.setAside().contains { $0.excludes && $0.reason.contains("merged cells") })
  }

  @Test func renamedLesionsAreCountedAsRemoved() throws {
    let test = try ImportFolder()
    try test.writeSeries("a", patient: "P01")
    try test.importDICOM("a")
    #expect(try test.importPathology("patient,lesion,grade\nP01,1,2\nP01,2,2\n").removedLesions == 0)
    let kept = try test.study.read { try Lesion.filter(Column("name") == "1").fetchOne($0)?.id }
    let summary = try test.importPathology("patient,lesion,grade\nP01,1,3\nP01,left,2\n")
    #expect(summary == .init(lesions: 2, withoutImages: 0, removedLesions: 1, setAside: 0))
    #expect(try test.study.read { try Lesion.filter(Column("name") == "1").fetchOne($0)?.id } == kept)
  }
}
