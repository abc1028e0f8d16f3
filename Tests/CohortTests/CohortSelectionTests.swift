import Foundation
import Study
import Support
import TestSupport
import Testing

@testable import Cohort

@Suite struct CohortSelectionTests {
  static let paper = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Protocols/paper.yaml")

  static func settings(_ cohort: String = HospitalStudy.cohort) throws -> StudyProtocol {
    try StudyProtocol(yaml: try String(contentsOf: paper, encoding: .utf8) + cohort, name: "paper.yaml")
  }

  private static let columns =
    "patient,lesion,grade,subtype,stage,procedure,laterality,size_cm,surgery_date,prior_surgery_date,metastasis,local_invasion"

  /// The selection from rows of the clinical table; every patient has one exam on 2000-03-01 unless stated otherwise.
  private func select(
    _ rows: [String], exams: [String: [CohortExam]] = [:], cohort: String = HospitalStudy.cohort
  ) throws -> CohortSelection {
    let folder = try TemporaryFolder()
    let url = folder.url.appendingPathComponent("clinical.csv")
    try ([Self.columns] + rows).joined(separator: "\n").write(to: url, atomically: true, encoding: .utf8)
    let settings = try Self.settings(cohort)
    let rules = try #require(settings.cohort)
    let table = try ClinicalTable(DelimitedTable(contentsOf: url), pathology: settings.pathology, cohort: rules)
    let usual = CohortExam(uid: "1", day: 20_000_301, phases: [.nonContrast, .portalVenous])
    let candidates = table.patientIDs.map { id in
      CohortCandidate(code: id, lesions: table.lesions[id] ?? [], exams: exams[id] ?? [usual])
    }
    return CohortSelection(candidates, cohort: rules)
  }

  private func excluded(_ selection: CohortSelection) -> [String: String] {
    Dictionary(
      uniqueKeysWithValues: selection.patients.compactMap { patient in
        patient.exclusion.map { (patient.code ?? "", $0.rule + ": " + $0.reason) }
      })
  }

  private static let fine = "1,2,ccRCC,pT1a,partial,left,3.2,2000-04-01,,no,no"

  @Test func eachRuleHasItsReason() throws {
    let selection = try select([
      "a,\(Self.fine)", "b,1,2,papillary,T1a,partial,left,3,2000-04-01,,no,no",
      "c,1,2,ccRCC,T2,partial,left,3,2000-04-01,,no,no", "d,1,2,ccRCC,,partial,left,3,2000-04-01,,no,no",
      "e,1,,ccRCC,T1,partial,left,3,2000-04-01,,no,no", "f,1,2,ccRCC,T1,partial,left,3,2000-02-01,,no,no",
      "g,1,2,ccRCC,T1,partial,left,3,,19990101,no,no", "h,1,2,ccRCC,T1,partial,left,3,,,lung,no",
      "i,1,2,ccRCC,T1,partial,left,3,,,no,", "j,1,2,ccRCC,T1b N1,partial,left,3,,,no,no",
    ])
    #expect(
      excluded(selection) == [
        "b": "clear cell: papillary", "c": "stage 1: stage 2", "d": "stage 1: stage unknown",
        "e": "grade known: grade unknown", "f": "no surgery before the scan: scanned after surgery_date",
        "g": "no surgery before the scan: scanned after prior_surgery_date",
        "h": "no local invasion or metastasis: metastasis",
        "i": "no local invasion or metastasis: local_invasion unknown",
        "j": "stage 1: stage 1b with nodes or metastases",
      ])
    #expect(selection.selected.map(\.code) == ["a"])
  }

  @Test func stepsCountWhoLeavesAndWhoGoesOn() throws {
    let selection = try select([
      "a,\(Self.fine)", "a,2,3,ccRCC,T1b,partial,right,5,2000-04-01,,no,no", "b,1,2,papillary,T2,biopsy,left,3,,,no,no",
      "c,1,2,ccRCC,T3,biopsy,left,3,,,no,no",
    ])
    #expect(selection.patientsAtStart == 3 && selection.lesionsAtStart == 4)
    let steps = selection.steps.map { [$0.excludedPatients, $0.excludedLesions, $0.patients, $0.lesions] }
    #expect(steps == [[1, 1, 2, 3], [1, 1, 1, 2]] + Array(repeating: [0, 0, 1, 2], count: 4))
    #expect(selection.selected.first?.gradeClass == .high)
  }

  @Test func patientsStayWhole() throws {
    let rows = ["a,\(Self.fine)", "a,2,3,papillary,T1b,partial,right,5,2000-04-01,,no,no"]
    #expect(excluded(try select(rows)) == ["a": "clear cell: papillary"])
    let any = HospitalStudy.cohort.replacingOccurrences(
      of: "name: clear cell, missing: exclude", with: "name: clear cell, missing: exclude, lesions: any")
    let selection = try select(rows, cohort: any)
    #expect(selection.selected.first?.lesions.count == 2)
  }

  @Test func missingValuesDoWhatTheRuleSays() throws {
    let accepting = HospitalStudy.cohort.replacingOccurrences(
      of: "name: stage 1, missing: exclude", with: "name: stage 1, missing: accept")
    let row = ["d,1,2,ccRCC,NA,partial,left,3,,,no,no"]
    #expect(excluded(try select(row)) == ["d": "stage 1: stage unknown"])
    #expect(excluded(try select(row, cohort: accepting)).isEmpty)
  }

  @Test func theExamIsTheOneThatFits() throws {
    let exams = [
      CohortExam(uid: "old", day: 19_990_101, phases: [.nonContrast, .lateArterial]),
      CohortExam(uid: "right", day: 20_000_301, phases: [.nonContrast, .lateArterial]),
      CohortExam(uid: "after", day: 20_000_501, phases: [.nonContrast, .lateArterial]),
      CohortExam(uid: "plain", day: 20_000_320, phases: [.nonContrast]),
    ]
    let selection = try select(["a,\(Self.fine)"], exams: ["a": exams])
    #expect(selection.selected.first?.exam?.uid == "right")
    let none = try select(["a,\(Self.fine)"], exams: ["a": [exams[3]]])
    #expect(
      excluded(none)["a"]
        == "non-contrast and contrast series: no series that is late arterial or portal venous or delayed")
  }

  @Test(arguments: [
    ("equals: [ccRCC, clear cell, clear cell RCC]", "equals: [ccRCC], stage: [1]", "cohort.rules.0"),
    ("column: subtype, ", "", "cohort.rules.0"), ("stage: [1]", "stages: [1]", "unknown key cohort.rules.1.stages"),
    ("name: stage 1", "name: clear cell", "cohort.rules.1.name"),
    ("maximumSpacing: 10", "maximumSpacing: 0", "maximumSpacing"),
    ("[[nonContrast]", "[[noncontrast]", "cohort.rules"), ("gradeKnown: true", "gradeKnown: false", "cohort.rules.4"),
    ("minimumCoverage: 0.5", "", "minimumCoverage is missing"),
  ])
  func badRulesAreRefusedWithTheirPlace(_ old: String, _ new: String, _ place: String) throws {
    let error = #expect(throws: StudyError.self) {
      try Self.settings(HospitalStudy.cohort.replacingOccurrences(of: old, with: new))
    }
    #expect(
      error?.kind == .invalidProtocol && error?.description.contains(place) == true, "\(error?.description ?? "")")
  }

  @Test func rulesSurviveAsYAML() throws {
    let settings = try Self.settings()
    #expect(settings.cohort?.rules.count == 6)
    #expect(try StudyProtocol(yaml: settings.yaml, name: "again") == settings)
    // A protocol without rules does not mention them.
    #expect(try !Self.settings("").yaml.contains("cohort"))
  }

  @Test func aMissingColumnIsNamed() throws {
    let error = #expect(throws: StudyError.self) {
      try select([], cohort: HospitalStudy.cohort.replacingOccurrences(of: "local_invasion", with: "invasion"))
    }
    #expect(error?.description.contains("\"invasion\"") == true)
  }
}

@Suite struct ClinicalValueTests {
  @Test(arguments: [
    ("pT1a", 1, "a"), ("T1b N0 M0", 1, "b"), ("1", 1, nil), ("1b", 1, "b"), ("III", 3, nil), ("stage II", 2, nil),
    ("cT3a", 3, "a"), ("T4", 4, nil), ("Stage 1", 1, nil),
  ])
  func stages(_ text: String, _ number: Int, _ letter: String?) {
    #expect(TumourStage(text: text)?.number == number && TumourStage(text: text)?.letter == letter)
  }

  @Test(arguments: ["", "TX", "T0", "5", "advanced", "T12"])
  func whatIsNoStage(_ text: String) { #expect(TumourStage(text: text) == nil) }

  @Test(arguments: [
    ("2000-03-01", 20_000_301), ("20000301", 20_000_301), ("2000/3/1", 20_000_301), ("01.03.2000", 20_000_301),
    ("2000-03-01 12:00", 20_000_301), ("03/01/2000", nil), ("2000-13-01", nil), ("soon", nil), ("", nil),
  ])
  func days(_ text: String, _ day: Int?) { #expect(ClinicalValue.day(text) == day) }

  @Test func sizesTakeTheUnitThatStandsThere() {
    #expect(ClinicalValue.millimetres("3.5", factor: 10) == 35)
    #expect(ClinicalValue.millimetres("3,5 cm", factor: 1) == 35)
    #expect(ClinicalValue.millimetres("35mm", factor: 10) == 35)
    #expect(ClinicalValue.millimetres("large", factor: 1) == nil)
    #expect(ClinicalValue.millimetres("-2", factor: 1) == nil)
    #expect(ClinicalValue.millimetres("900", factor: 10) == nil)
  }
}
