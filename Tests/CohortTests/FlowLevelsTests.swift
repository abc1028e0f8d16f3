import Foundation
import Study
import Support
import TestSupport
import Testing

@testable import Cohort

/// The flow counts patients and lesions each at their own level, and its numbers add up.
@Suite struct FlowLevelsTests {
  /// The flow of a table whose rows are (patient, lesion, grade), all of which the rules keep but those of unknown grade.
  private func flow(_ lesions: [(String, String, String)], _ change: (inout String) -> Void = { _ in }) throws
    -> SelectionFlow
  {
    let rows = lesions.map {
      "\($0.0),\($0.1),\($0.2),ccRCC,pT1a,partial,left,3.0,2000-04-01,,no,no"
    }
    var rules = HospitalStudy.cohort
    change(&rules)
    return SelectionFlow(try Self.selection(rows, rules: rules))
  }

  static func selection(
    _ rows: [String], rules: String = HospitalStudy.cohort, hasImages: Bool = true
  ) throws -> CohortSelection {
    let header =
      "patient,lesion,grade,subtype,stage,procedure,laterality,size_cm,surgery_date,prior_surgery_date,metastasis,local_invasion"
    let folder = try TemporaryFolder()
    let url = folder.url.appendingPathComponent("clinical.csv")
    try ([header] + rows).joined(separator: "\n").write(to: url, atomically: true, encoding: .utf8)
    let settings = try CohortSelectionTests.settings(rules)
    let cohort = try #require(settings.cohort)
    let table = try ClinicalTable(DelimitedTable(contentsOf: url), pathology: settings.pathology, cohort: cohort)
    let exam = CohortExam(uid: "1", day: 20_000_301, phases: [.nonContrast, .portalVenous])
    let candidates = table.patientIDs.map { id in
      var candidate = CohortCandidate(code: id, lesions: table.lesions[id] ?? [], exams: hasImages ? [exam] : [])
      candidate.unusable = table.contradictions[id].map { (UnusableStep.contradictoryRecord.rawValue, $0) }
      candidate.reasonLeftOut = table.reasonsLeftOut[id]
      return candidate
    }
    return CohortSelection(candidates, cohort: cohort, hasImages: hasImages)
  }

  @Test(
    arguments: [
      (
        [("S1", "1", "2"), ("S1", "2", "4"), ("S2", "1", "1")], "1 of low grade, 1 of high grade",
        "2 of low grade, 1 of high grade"
      ),
      ([("S1", "1", "4"), ("S1", "2", "4")], "0 of low grade, 1 of high grade", "0 of low grade, 2 of high grade"),
      (
        [("S1", "1", "1"), ("S1", "2", "2"), ("S1", "3", "3")], "0 of low grade, 1 of high grade",
        "2 of low grade, 1 of high grade"
      ),
      ([("S1", "1", "1")], "1 of low grade, 0 of high grade", "1 of low grade, 0 of high grade"),
      (
        [("S1", "1", "2"), ("S2", "1", "3"), ("S3", "1", "2"), ("S3", "2", "3")], "1 of low grade, 2 of high grade",
        "2 of low grade, 2 of high grade"
      ),
      ([], "0 of low grade, 0 of high grade", "0 of low grade, 0 of high grade"),
    ] as [([(String, String, String)], String, String)])
  func eachLevelIsCountedByItself(lesions: [(String, String, String)], patients: String, own: String) throws {
    let flow = try flow(lesions)
    #expect(flow.contradictions.isEmpty && flow.patientsByClass == patients && flow.lesionsByClass == own)
    #expect(flow.classes.reduce(0) { $0 + $1.patients } == flow.patientsInStudy)
    #expect(flow.classes.reduce(0) { $0 + ($1.ownLesions ?? 0) } == flow.lesionsInStudy)
    #expect(
      flow.text.hasSuffix("  Patients by their highest grade: \(patients)\n  Lesions by their own grade: \(own)\n"))
  }

  /// Without a rule that asks for it, a grade that is not known is a class of its own, and beside a low one leaves the patient in doubt.
  @Test(
    arguments: [
      (
        [("S1", "1", "2"), ("S1", "2", "")], "0 of low grade, 0 of high grade, 1 of unknown grade",
        "1 of low grade, 0 of high grade, 1 of unknown grade"
      ),
      (
        [("S1", "1", "3"), ("S1", "2", "")], "0 of low grade, 1 of high grade, 0 of unknown grade",
        "0 of low grade, 1 of high grade, 1 of unknown grade"
      ),
      (
        [("S1", "1", ""), ("S2", "1", "1")], "1 of low grade, 0 of high grade, 1 of unknown grade",
        "1 of low grade, 0 of high grade, 1 of unknown grade"
      ),
    ] as [([(String, String, String)], String, String)])
  func unknownGradesAreCounted(lesions: [(String, String, String)], patients: String, own: String) throws {
    let flow = try flow(lesions) {
      $0 = $0.replacing("    - {name: grade known, missing: exclude, gradeKnown: true}\n", with: "")
    }
    #expect(flow.contradictions.isEmpty && flow.patientsByClass == patients && flow.lesionsByClass == own)
  }

  @Test func tablesSayWhomTheyDoNotCount() throws {
    let rules = HospitalStudy.cohort.replacing(
      "    - {name: grade known, missing: exclude, gradeKnown: true}\n", with: "")
    let rows = [("a", 1, "2"), ("a", 2, ""), ("b", 1, "3"), ("c", 1, "1")].map {
      "\($0.0),\($0.1),\($0.2),ccRCC,pT1a,partial,left,3.0,2000-04-01,,no,no"
    }
    let selection = try Self.selection(rows, rules: rules)
    for (level, note) in [(CohortTable.Level.patient, "1 of 3 patients"), (.lesion, "1 of 4 lesions")] {
      let table = CohortTable.describing(selection.selected, gradeSystem: .isup, level: level, title: "Table 3")
      #expect(try table.rendered(as: .text).contains("\(note) have no known grade and are not in this table."))
    }
  }

  @Test func numbersThatDoNotAddUpAreNotShown() throws {
    let flow = try flow([("S1", "1", "2"), ("S2", "1", "3")])
    let text = String(decoding: try JSONEncoder().encode(flow), as: UTF8.self)
    for (old, new, what) in [
      ("\"patientsAtStart\":2", "\"patientsAtStart\":3", "Patients remaining after"),
      ("\"lesionsAtStart\":2", "\"lesionsAtStart\":1", "Lesions remaining after"),
      ("\"ownLesions\":1", "\"ownLesions\":2", "Lesions by class"),
    ] {
      try #require(text.contains(old))
      let wrong = try JSONDecoder().decode(SelectionFlow.self, from: Data(text.replacing(old, with: new).utf8))
      let error = #expect(throws: CohortError.self) { try wrong.requireSums() }
      #expect(error?.kind == .contradiction && error?.description.contains(what) == true, "\(error?.description ?? "")")
    }
  }

  /// A run of an older version counted lesions by their patients' class: they are not shown as if they were counted otherwise.
  @Test func olderFlowsAreRead() throws {
    let flow = try flow([("S1", "1", "2"), ("S1", "2", "4")])
    let text = String(decoding: try JSONEncoder().encode(flow), as: UTF8.self)
      .replacing("\"ownLesions\"", with: "\"lesions\"")
    let old = try JSONDecoder().decode(SelectionFlow.self, from: Data(text.utf8))
    #expect(old.lesionsByClass == nil && old.contradictions.isEmpty && old.patientsByClass == flow.patientsByClass)
    #expect(!old.text.contains("own grade") && !old.dot.contains("own grade"))
  }

  @Test func withoutImagesRulesOnPhasesAreNotApplied() throws {
    let rows = ["a,1,2,ccRCC,pT1a,partial,left,3.0,,,no,no", "b,1,3,papillary,pT1a,partial,left,3.0,,,no,no"]
    let selection = try Self.selection(rows, hasImages: false)
    #expect(selection.selected.map(\.code) == ["a"])
    let step = try #require(selection.steps.last)
    #expect(step.name == "non-contrast and contrast series" && step.note == "not applied: the study has no images")
    let flow = SelectionFlow(selection)
    #expect(flow.contradictions.isEmpty && flow.text.contains("(not applied: the study has no images)"))
    let table = CohortTable.describing(selection.selected, gradeSystem: .isup, level: .patient, title: "Table 3")
    #expect(try table.rendered(as: .markdown).contains("not known | 1 (100.0)"))
  }

  @Test func identifiersAreComparedInOneWay() throws {
    let fine = "2,ccRCC,pT1a,partial,left,3.0,2000-04-01,,no,no"
    func reasons(_ rows: [String]) throws -> [String] {
      try Self.selection(rows).patients.compactMap(\.exclusion?.reason)
    }
    for (one, other) in [("S001", "s001"), ("1", "1.0"), ("P-1", "P1"), ("A 7", "A7"), ("x.y", "XY")] {
      let reasons = try reasons(["\(one),1,\(fine)", "B,1,\(fine)", "\(other),2,\(fine)"])
      #expect(reasons == ["the identifier is spelled in two ways (lines 2 and 4), which may be two patients"], "\(one)")
    }
    for (one, other) in [("1", "1.0"), ("a", "A"), ("upper pole", "Upper-pole"), ("2", "2,00"), ("L1", "l 1")] {
      let other = other.contains(",") ? "\"\(other)\"" : other
      #expect(
        try reasons(["S,\(one),\(fine)", "S,\(other),\(fine)"]) == ["two rows for one lesion (lines 2 and 3)"], "\(one)"
      )
    }
    #expect(try reasons(["12,1,\(fine)", "012,1,\(fine)", "1-11,1,\(fine)", "11-1,1,\(fine)"]).isEmpty)
  }

  /// Whom an import left out leaves at the rule that says why, else as not taken by the import.
  @Test func theFlowBeginsWithAllWhomAnImportSaw() throws {
    let header =
      "patient,lesion,grade,subtype,stage,metastasis,local_invasion,procedure,laterality,size_cm,surgery_date,"
      + "prior_surgery_date,left_out_by_import"
    func row(_ id: String, _ grade: String, _ subtype: String, _ reason: String) -> String {
      "\(id),1,\(grade),\(subtype),pT1a,no,no,partial,left,3.0,,,\(reason)"
    }
    let folder = try TemporaryFolder()
    let url = folder.url.appendingPathComponent("clinical.csv")
    let rows = [
      row("a", "2", "ccRCC", ""), row("b", "2", "papillary", "another subtype"), row("c", "", "ccRCC", "no grade"),
      row("d", "3", "ccRCC", "its file is damaged"), row("e", "3", "oncocytoma", "another subtype"),
    ]
    try ([header] + rows).joined(separator: "\n").write(to: url, atomically: true, encoding: .utf8)
    let settings = try CohortSelectionTests.settings()
    let cohort = try #require(settings.cohort)
    let table = try ClinicalTable(DelimitedTable(contentsOf: url), pathology: settings.pathology, cohort: cohort)
    let exam = CohortExam(uid: "1", day: nil, phases: [.nonContrast, .portalVenous])
    let selection = CohortSelection(
      table.patientIDs.map { id in
        var candidate = CohortCandidate(code: id, lesions: table.lesions[id] ?? [], exams: [exam])
        candidate.reasonLeftOut = table.reasonsLeftOut[id]
        return candidate
      }, cohort: cohort)
    #expect(
      selection.patients.map { $0.exclusion?.reason } == [
        nil, "papillary", "no grade", "its file is damaged", "oncocytoma",
      ])
    let flow = SelectionFlow(selection)
    #expect(flow.contradictions.isEmpty && flow.patientsAtStart == 5 && flow.patientsInStudy == 1)
    #expect(flow.text.contains("clear cell: 2 patients (2 lesions) excluded (oncocytoma 1, papillary 1)"))
    #expect(flow.text.contains("imported: 2 patients (2 lesions) excluded"))
    // Whom the import left out on purpose is nobody whose scan is missing.
    let comparison = table.comparison(with: ["A", "0007"])
    #expect(comparison.linesWithoutScan.isEmpty && comparison.scansWithoutRow == 1)
  }

  @Test(.enabled(if: SharedData.isPresent, "\(SharedData.missing)"))
  func theSharedCase() throws {
    let cases = try #require(SharedData.root).deletingLastPathComponent().appendingPathComponent("cases")
    let url = cases.appendingPathComponent("s14-flow-lesion-words/clinical.csv")
    let settings = try StudyProtocol(contentsOf: cases.appendingPathComponent("protocol-paper-rules.yaml"))
    let cohort = try #require(settings.cohort)
    let table = try ClinicalTable(DelimitedTable(contentsOf: url), pathology: settings.pathology, cohort: cohort)
    let exam = CohortExam(uid: "1", day: 20_050_615, phases: [.portalVenous])
    let flow = SelectionFlow(
      CohortSelection(
        table.patientIDs.map { CohortCandidate(code: $0, lesions: table.lesions[$0] ?? [], exams: [exam]) },
        cohort: cohort))
    #expect(flow.patientsByClass == "1 of low grade, 1 of high grade")
    #expect(flow.lesionsByClass == "2 of low grade, 1 of high grade")
  }
}
