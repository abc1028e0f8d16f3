import DICOM
import Foundation
import GRDB
import Testing

@testable import Intake
@testable import Study

/// Patients who may be one person are told; nobody is left out for it.
struct SuspectedPersonTests {
  @Test(arguments: [
    ("12345", "12345^^^HOSPITAL"), ("s001", "S001"), ("Müller-1", "M\u{C3}\u{BC}ller-1"), ("１２３", "123"),
    ("AB 12", "AB-12"), ("Mu\u{308}ller", "Müller"), ("12.345", "12345"),
  ])
  func oneIdentifierInTwoSpellings(_ first: String, _ second: String) {
    #expect(SuspectedPerson.canonical(first) == SuspectedPerson.canonical(second))
  }

  @Test(arguments: [("12345", "12346"), ("P1", "P10"), ("A1", "B1"), ("007", "7"), ("Müller", "Muller")])
  func twoIdentifiers(_ first: String, _ second: String) {
    #expect(SuspectedPerson.canonical(first) != SuspectedPerson.canonical(second))
  }

  @Test func onePersonUnderTwoSpellings() throws {
    let test = try ImportFolder()
    try test.writeSeries("a", patient: "MRN-77")
    try test.writeSeries("a", patient: "mrn77^^^SITE")
    try test.writeSeries("a", patient: "MRN-78")
    try test.importDICOM("a")
    let remarks = try test.study.setAside()
    #expect(remarks.count == 2 && Set(remarks.compactMap(\.patientCode)).count == 2)
    #expect(remarks.allSatisfy { !$0.excludes && $0.reason.contains("differ only in how they are written") })
    #expect(remarks.allSatisfy { !$0.reason.contains("77") })
  }

  @Test func oneFrameOfReferenceUnderTwoPatients() throws {
    let test = try ImportFolder()
    for (folder, patient) in [("a", "P01"), ("b", "P02"), ("b", "P03")] {
      try test.writeSeries(folder, patient: patient) {
        $0.elements[.frameOfReferenceUID] = patient == "P03" ? "2.25.3" : "2.25.12"
      }
    }
    try test.importDICOM("a")
    #expect(try test.study.setAside() == [])
    #expect(try test.importDICOM("b").setAside == 2)
    let remarks = try test.study.setAside()
    #expect(remarks.map(\.patientCode) == ["case-0001", "case-0002"])
    #expect(remarks.first?.reason.contains("may be the same person as case-0002: their images share a frame") == true)
    try test.importDICOM("b")
    #expect(try test.study.setAside() == remarks)
  }

  @Test func anAtlasIsNoPerson() throws {
    let test = try ImportFolder()
    for patient in ["P01", "P02"] {
      try test.writeSeries("a", patient: patient) { $0.elements[.frameOfReferenceUID] = "1.2.840.10008.1.4.1.1" }
    }
    try test.importDICOM("a")
    #expect(try test.study.setAside() == [])
  }

  @Test func aPatientIDOfTwoIssuersIsSaid() throws {
    let test = try ImportFolder()
    for index in 0..<3 {
      try test.write("a/\(index).dcm", patient: "7", exam: "7", series: "7", sop: "\(index)", z: 2.5 * Double(index)) {
        $0.elements[.issuerOfPatientID] = index == 0 ? "NORTH" : "SOUTH"
      }
    }
    try test.importDICOM("a")
    #expect(try test.study.setAside().map(\.reason).contains { $0.hasPrefix("this PatientID comes from 2 issuers") })
  }
}
