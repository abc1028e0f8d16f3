import Foundation
import Study
import Support
import TestSupport
import Testing

@testable import Cohort

/// Clinical tables that put patients into a wrong group elsewhere, with who may stay.
@Suite struct CellCasesTests {
  static let cases = SharedData.root?.deletingLastPathComponent().appendingPathComponent("cases")

  private func selection(_ name: String) throws -> (table: ClinicalTable, selection: CohortSelection) {
    let url = try #require(Self.cases).appendingPathComponent("\(name)/clinical.csv")
    let settings = try CohortSelectionTests.settings(
      HospitalStudy.cohort.replacingOccurrences(of: "[lateArterial, portalVenous, delayed]", with: "[nonContrast]"))
    let rules = try #require(settings.cohort)
    let table = try ClinicalTable(DelimitedTable(contentsOf: url), pathology: settings.pathology, cohort: rules)
    let exam = CohortExam(uid: "1", day: 20_050_615, phases: [.nonContrast])
    let candidates = table.patientIDs.map { id in
      var candidate = CohortCandidate(code: id, lesions: table.lesions[id] ?? [], exams: [exam])
      candidate.unusable = table.contradictions[id].map { (UnusableStep.contradictoryRecord.rawValue, $0) }
      return candidate
    }
    return (table, CohortSelection(candidates, cohort: rules))
  }

  @Test(
    .enabled(if: SharedData.isPresent, "\(SharedData.missing)"),
    arguments: [
      ("s01-grade-roman-slash", []), ("s02-unreadable-surgery-date", []), ("s03-stage-spread-missed", []),
      ("s04-stage-first-number", ["S013"]),
      ("s05-absent-read-as-present", ["S001", "S003", "S005", "S009", "S011", "S013"]),
      ("s06-present-read-as-absent", []), ("s07-blank-patient-id", ["S002"]),
      ("s11-subtype-substring", ["S007", "S009"]), ("s12-size-unit", ["S001", "S003", "S005", "S007"]),
    ])
  func whoStays(_ name: String, _ codes: [String]) throws {
    let (table, selection) = try selection(name)
    #expect(selection.selected.compactMap(\.code) == codes)
    if name.hasPrefix("s12") {
      #expect(table.patientIDs.map { table.lesions[$0]?.first?.size } == [41, nil, 41, nil])
      #expect(table.notUnderstood.map(\.found) == ["45", "0x4"])
    }
  }
}
