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
    #expect(summary.lesions == 1 && summary.withoutImages == 2 && summary.removedLesions == 0 && summary.setAside == 2)
    #expect(summary.notes == ["2 rows match no scan: pathology.csv, lines 3, 4."])
    let entries = try test.study.setAside()
    #expect(entries.map(\.subject) == ["pathology.csv:3", "pathology.csv:4"])
    #expect(entries.allSatisfy { !$0.excludes && $0.patientCode == nil && !$0.reason.contains("DOE") })
  }

  @Test(arguments: [
    ("1-11", "11-1", false), ("1-11", "111", false), ("P-001", "p 001", true), ("P001", "P_001", true),
    ("P-1-11", "p1-11", true), ("P-1-11", "P-11-1", false), ("0012", "00 12", true), ("1-11", "1.11", true),
    ("P01", "P01.", true), ("P01", "P1", false),
  ]) func spellingsOfOneID(first: String, second: String, same: Bool) throws {
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
    #expect(summary.lesions == 2 && summary.removedLesions == 1 && summary.setAside == 0)
    #expect(try test.study.read { try Lesion.filter(Column("name") == "1").fetchOne($0)?.id } == kept)
  }

  @Test(arguments: [
    ("s001", "S001"), ("1.0", "1"), ("P 7", "P-7"), ("MUELLER_1", "mueller.1"), ("=\"0012\"", "0012"), ("\"3,0\"", "3"),
  ])
  func tableAndImagesMeetHoweverTheyAreWritten(table: String, image: String) throws {
    let test = try ImportFolder()
    try test.writeSeries("a", patient: image)
    try test.importDICOM("a")
    let summary = try test.importPathology("patient,lesion,grade\n\(table),1.0,2\n")
    #expect(summary.lesions == 1 && summary.setAside == 0 && summary.notes.isEmpty)
    // The same lesion in another spelling keeps what hangs on it.
    let kept = try test.study.read { try Lesion.fetchOne($0)?.id }
    #expect(try test.importPathology("patient,lesion,grade\n\(image),1,2\n").removedLesions == 0)
    #expect(try test.study.read { try Lesion.fetchOne($0)?.id } == kept)
  }

  @Test(arguments: [
    ("12345", "0012345", "leading zeros"), ("1E+12", "100E10", "scientific"),
    ("1.23457E+11", "123456789012", "scientific"),
    ("1234567890123450000", "1234567890123456789", "after the fifteenth"), ("03-Apr", "3-4", "a date"),
  ])
  func identifiersThatASpreadsheetChangedAreTold(table: String, image: String, cause: String) throws {
    let test = try ImportFolder()
    try test.writeSeries("a", patient: image)
    try test.writeSeries("a", patient: "P02")
    try test.importDICOM("a")
    let summary = try test.importPathology("patient,lesion,grade\n\(table),1,2\nP02,1,3\n")
    #expect(summary.lesions == 1 && summary.withoutImages == 1)
    let notes = summary.notes.joined(separator: " ")
    #expect(
      notes.hasPrefix("1 row matches no scan: pathology.csv, line 2. 1 patient with scans has no row."), "\(notes)")
    #expect(notes.contains(cause) && !notes.contains(table) && !notes.contains(image), "\(notes)")
    let entries = try test.study.setAside()
    #expect(entries.contains { $0.subject == "pathology.csv:2" && !$0.excludes && $0.reason.contains(cause) })
    #expect(entries.contains { $0.patientCode == "case-0001" && $0.excludes && $0.reason.contains("no row") })
  }

  @Test func twoPatientsOfOneIdentifierAreRefused() throws {
    let test = try ImportFolder()
    for (index, patient) in ["s001", "S001"].enumerated() {
      try test.write("a/\(index).dcm", patient: patient, exam: "e\(index)", series: "s\(index)", sop: "i\(index)", z: 0)
    }
    try test.writeSeries("a", patient: "S002")
    try test.importDICOM("a")
    let summary = try test.importPathology("patient,lesion,grade\nS001,1,2\nS002,1,3\n")
    #expect(summary.lesions == 1)
    let refused = try test.study.setAside().filter { $0.stage == .pathology && $0.excludes }
    #expect(Set(refused.map(\.patientCode)).count == 2 && refused.allSatisfy { $0.subject == "pathology.csv:2" })
    let twice = try test.importPathology("patient,lesion,grade\nS002,1,2\ns002,2,3\n")
    #expect(twice.lesions == 0)
    #expect(try test.study.setAside().contains { $0.excludes && $0.reason.contains("first in lines 2 and 3") })
  }

  /// Before any image is there, the table's patients are the study's; images that come later are theirs.
  @Test func aTableAloneMakesPatientsWhomImagesMeetLater() throws {
    let test = try ImportFolder()
    let text = "patient,lesion,grade\ns001,1,2\nS002,1,3\nS003,1,\n"
    let summary = try test.importPathology(text)
    #expect(summary.lesions == 2 && summary.withoutImages == 0 && summary.fromTableAlone == 2)
    try test.writeSeries("a", patient: "S001")
    try test.writeSeries("a", patient: "S004")
    #expect(try test.importDICOM("a").patients == 3)
    let patients = try test.study.read { try Patient.order(Column("id")).fetchAll($0) }
    #expect(patients.map(\.sourceID) == ["S001", "S002", "S004"] && Set(patients.map(\.code)).count == 3)
    #expect(try test.study.read { try Lesion.filter(Column("patientId") == patients[0].id).fetchCount($0) } == 1)
    // Once there are images, rows without any make no further patients.
    let again = try test.importPathology(text + "S009,1,2\n")
    #expect(again.fromTableAlone == 0 && again.withoutImages == 1)
  }

  @Test(.enabled(if: SharedData.isPresent, "\(SharedData.missing)"))
  func theSharedCases() throws {
    let cases = try #require(SharedData.root).deletingLastPathComponent().appendingPathComponent("cases")
    func study(_ name: String) throws -> ImportFolder {
      let test = try ImportFolder(patientIDs: "codes", [("lesionColumn: lesion", "lesionColumn: null")])
      _ = try DICOMImport.run(cases.appendingPathComponent("\(name)/dicom"), into: test.study)
      return test
    }
    let tables = try study("09-excel-tables")
    for name in [
      "sep-line.csv", "trailing-rows.csv", "comma-grade.csv", "cp1252.csv", "utf16-tab.txt", "trailing-header.csv",
    ] {
      let summary = try PathologyImport.run(cases.appendingPathComponent("09-excel-tables/\(name)"), into: tables.study)
      #expect(summary.lesions == 2 && summary.withoutImages == 0, "\(name)")
      #expect(
        try tables.study.read { try Lesion.order(Column("id")).fetchAll($0) }.map(\.grade.rawValue) == [2, 3], "\(name)"
      )
    }
    let identifiers = try study("19-excel-ids")
    let excel = try PathologyImport.run(cases.appendingPathComponent("19-excel-ids/excel.csv"), into: identifiers.study)
    #expect(excel.lesions == 0 && excel.notes.first == "2 rows match no scan: excel.csv, lines 2, 3.")
    #expect(excel.notes.contains { $0.contains("leading zeros") && $0.contains("scientific") })
    #expect(
      try PathologyImport.run(cases.appendingPathComponent("19-excel-ids/pathology.csv"), into: identifiers.study)
        .lesions == 2)
  }
}
