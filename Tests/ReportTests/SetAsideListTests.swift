import RunFixtures
import Foundation
import Experiment
import Support
import Testing

@testable import Report
@testable import Study

@Suite struct SetAsideListTests {
  func page(_ run: Run) throws -> String {
    try RunReport.write(run)
    return try String(contentsOf: run.url.appendingPathComponent("report.html"), encoding: .utf8)
  }

  func entry(subject: String = "line 7", reason: String) -> SetAside {
    SetAside(
      stage: .dicom, source: "/scans", patientCode: nil, excludes: false, subject: subject, reason: reason)
  }

  @Test func aRunTellsItsOwnListAndMontageWhateverTheStudyHoldsToday() throws {
    var fixture = try FixtureStudy()
    let run = try fixture.run(fixture.predictions(patients: 20))
    try AtomicFile.writeJSON([entry(reason: "the grade of that day was 5")], to: run.setAsideFile)
    try fixture.study.write { database in
      try database.replaceSetAside(of: .dicom, with: [entry(reason: "what is wrong today")])
    }
    try FixtureStudy.png.write(to: fixture.study.reportsFolder.appendingPathComponent("montage.png"))
    let html = try page(run)
    #expect(html.contains("the grade of that day was 5") && !html.contains("what is wrong today"))
    #expect(try Markup(html).all("img").isEmpty)
  }

  @Test func anEmptyAndAnAbsentListAreToldApart() throws {
    var fixture = try FixtureStudy()
    let run = try fixture.run(fixture.predictions(patients: 20))
    try fixture.study.write { database in
      try database.replaceSetAside(of: .dicom, with: [entry(reason: "what is wrong today")])
    }
    let absent = try page(run)
    #expect(absent.contains("This run has no record of what was set aside"))
    #expect(!absent.contains("Nothing was set aside") && !absent.contains("what is wrong today"))
    try AtomicFile.writeJSON([SetAside](), to: run.setAsideFile)
    let empty = try page(run)
    #expect(empty.contains("Nothing was set aside with a reason."))
    #expect(!empty.contains("has no record of what"))
    try AtomicFile.write("[{", to: run.setAsideFile)
    let error = #expect(throws: StudyError.self) { try RunReport.write(run) }
    #expect(error?.description.contains("set-aside.json") == true)
  }

  @Test(arguments: [StudyProtocol.Pathology.PatientIDs.identifiers, .codes])
  func namesAreWithheldWhereIDsMayNamePeople(_ patientIDs: StudyProtocol.Pathology.PatientIDs) throws {
    var fixture = try FixtureStudy()
    let file = fixture.study.protocolFile
    try String(contentsOf: file, encoding: .utf8)
      .replacingOccurrences(of: "patientIDs: codes", with: "patientIDs: \(patientIDs.rawValue)")
      .write(to: file, atomically: true, encoding: .utf8)
    let run = try fixture.run(fixture.predictions(patients: 20))
    try AtomicFile.writeJSON(
      [
        entry(subject: "Doe_Jane/1.dcm", reason: "truncated"),
        entry(reason: "SMITH_JOHN_notes.txt: this is not a DICOM file"),
        entry(reason: "no slice 1.2.826.0.1.3680043.8.498.77 in the study"),
      ], to: run.setAsideFile)
    let html = try page(run)
    let isWithheld = patientIDs == .identifiers
    for name in ["Doe_Jane", "SMITH", "JOHN", "1.2.826.0.1.3680043.8.498.77"] {
      #expect(html.contains(name) != isWithheld, "\(name)")
    }
    for reason in ["truncated", "this is not a DICOM file", "in the study"] { #expect(html.contains(reason)) }
  }

  @Test(arguments: [
    ("SMITH_JOHN_notes.txt: this is not a DICOM file", "…: this is not a DICOM file"),
    ("cannot read scans/SMITH^JOHN, which is empty", "cannot read …, which is empty"),
    (#"cannot read C:\SMITH\one"#, "cannot read …"),
    ("in \"John Smith.nii.gz\" (line 7)", "in … (line 7)"),
    ("(SMITH.DCM) and SMITH.dcm.", "(…) and …."),
    ("table.csv:12: the grade is 5, expected 1 to 4", "…: the grade is 5, expected 1 to 4"),
    ("series 1.2.840.113619.2.55.3 has two frames", "series … has two frames"),
    // Nothing here names anybody.
    ("the grade is 2.5; 1, 2, 3 or 4 is needed, e.g. 3.", "the grade is 2.5; 1, 2, 3 or 4 is needed, e.g. 3."),
    ("RescaleSlope (0028,1053) is 0.0, a contour of MD.ai", "RescaleSlope (0028,1053) is 0.0, a contour of MD.ai"),
  ])
  func whatLooksLikeANameIsWithheld(_ reason: String, _ expected: String) {
    #expect(Withheld.names(in: reason) == expected)
  }

  @Test func aSubjectWithSpacesIsWithheldFromItsReason() {
    let found = Withheld.names(
      in: entry(subject: "ward 3/SMITH JOHN.dcm", reason: "SMITH JOHN.dcm is cut short; see ward 3/SMITH JOHN.dcm"))
    #expect(found == "… is cut short; see …")
  }
}
