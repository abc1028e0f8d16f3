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
    let rules = try #require(try Self.settings(cohort).cohort)
    let table = try table(rows, cohort: cohort)
    let usual = CohortExam(uid: "1", day: 20_000_301, phases: [.nonContrast, .portalVenous])
    let candidates = table.patientIDs.map { id in
      CohortCandidate(code: id, lesions: table.lesions[id] ?? [], exams: exams[id] ?? [usual])
    }
    return CohortSelection(candidates, cohort: rules)
  }

  private func table(_ rows: [String], cohort: String = HospitalStudy.cohort) throws -> ClinicalTable {
    let folder = try TemporaryFolder()
    let url = folder.url.appendingPathComponent("clinical.csv")
    try ([Self.columns] + rows).joined(separator: "\n").write(to: url, atomically: true, encoding: .utf8)
    let settings = try Self.settings(cohort)
    let rules = try #require(settings.cohort)
    return try ClinicalTable(DelimitedTable(contentsOf: url), pathology: settings.pathology, cohort: rules)
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

  /// What is not understood is not missing: no rule accepts it.
  @Test(arguments: [
    ("2,ccRCC,T1/T3a,partial,left,3,,,no,no", "stage 1: stage not understood: \"T1/T3a\""),
    ("2,ccRCC,T1a,partial,left,3,03/04/2001,,no,no", "no surgery before the scan: surgery_date not understood"),
    ("2,ccRCC,T1a,partial,left,3,2001,,no,no", "no surgery before the scan: surgery_date not understood"),
    ("2,ccRCC,T1a,partial,left,3,,,no?,no", "no local invasion or metastasis: metastasis not understood: \"no?\""),
    ("2,ccRCC,T1a,partial,left,3,,,no,suspected", "no local invasion or metastasis: local_invasion not understood"),
    ("I/II,ccRCC,T1a,partial,left,3,,,no,no", "grade known: grade not understood: \"I/II\" (several grades, 1 and 2)"),
    ("2,unclear,T1a,partial,left,3,,,no,no", "clear cell: subtype not understood: \"unclear\""),
    ("2,clear cell?,T1a,partial,left,3,,,no,no", "clear cell: subtype not understood"),
  ]) func whatIsNotUnderstoodIsNeverAccepted(_ row: String, _ reason: String) throws {
    let accepting = HospitalStudy.cohort.replacingOccurrences(of: "missing: exclude", with: "missing: accept")
    for cohort in [HospitalStudy.cohort, accepting] {
      let found = excluded(try select(["d,1,\(row)", "a,\(Self.fine)"], cohort: cohort))
      #expect(found["d"]?.hasPrefix(reason) == true && found["a"] == nil, "\(found)")
    }
  }

  @Test(arguments: [
    ("cN1", true), ("N1a", true), ("N1mi", true), ("cM1a", true), ("N3", true), ("N+", true), ("metastatic", true),
    ("pN0", false), ("NX MX", false),
  ]) func spreadIsNotStageOne(_ words: String, _ isSpread: Bool) throws {
    let found = excluded(try select(["d,1,2,ccRCC,T1a \(words),partial,left,3,,,no,no"]))
    #expect(found == (isSpread ? ["d": "stage 1: stage 1a with nodes or metastases"] : [:]))
  }

  @Test func aRowWithoutPatientIsNotDroppedInSilence() throws {
    let selection = try table(["a,\(Self.fine)", ",2,4,ccRCC,T1b,partial,left,5,,,no,no", "b,\(Self.fine)"])
    #expect(selection.linesWithoutPatient == [3])
    #expect(selection.contradictions.keys.sorted() == ["a"])
    #expect(selection.contradictions["a"]?.contains("line 3") == true)
  }

  @Test func aLesionWithoutGradeMayBeTheHighest() throws {
    let accepting = HospitalStudy.cohort.replacingOccurrences(of: "missing: exclude", with: "missing: accept")
    let second = { (grade: String) in "a,2,\(grade),ccRCC,T1b,partial,left,5,,,no,no" }
    #expect(try select(["a,\(Self.fine)", second("")], cohort: accepting).patients.first?.gradeClass == nil)
    #expect(try select(["a,\(Self.fine)", second("3")], cohort: accepting).patients.first?.gradeClass == .high)
    #expect(try select(["a,\(Self.fine)", second("1")], cohort: accepting).patients.first?.gradeClass == .low)
  }

  @Test func theCheckShowsHowEverySpellingIsRead() throws {
    let folder = try TemporaryFolder()
    let url = folder.url.appendingPathComponent("clinical.csv")
    let rows = ["a,\(Self.fine)", "b,\(Self.fine)", "c,1,I/II,ccRCC,TX,partial,left,41,,,no?,no"]
    try ([Self.columns] + rows).joined(separator: "\n").write(to: url, atomically: true, encoding: .utf8)
    let check = try ClinicalTableCheck(DelimitedTable(contentsOf: url), Self.settings())
    let readings = Dictionary(uniqueKeysWithValues: check.spellings.map { ("\($0.name) \($0.found)", $0) })
    #expect(readings["grade 2"]?.reading == "2" && readings["grade 2"]?.lines == [2, 3])
    #expect(readings["grade I/II"]?.reading == "not understood" && readings["grade I/II"]?.lines == [4])
    #expect(readings["stage TX"]?.reading == "unknown" && readings["stage pT1a"]?.reading == "1a")
    #expect(readings["metastasis no"]?.reading == "absent" && readings["size 41"]?.reading == "not understood")
    #expect(check.notUnderstood == 3)
    #expect(check.csv.hasPrefix("name,column,found,reading,reason,cells,lines\ngrade,grade,I/II,not understood,"))
    #expect(try table(rows).notUnderstood.map(\.line) == [4, 4, 4])
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
