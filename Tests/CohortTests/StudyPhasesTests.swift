import Foundation
import GRDB
import Study
import TestSupport
import Testing

@testable import Cohort
@testable import Phases

@Suite struct StudyPhasesTests {
  @Test func aSeriesThatCannotBeReadIsSetAsideAndTheRestGoesOn() throws {
    let hospital = try HospitalStudy(patients: 2, slices: 6)
    let rules = StudyProtocol.Cohort.Series()
    let before = try StudyPhases.read(hospital.study, rules: rules)
    let victim = try #require(before.first { $0.fate == .used })
    let paths = try hospital.study.read { database in
      try String.fetchAll(database, sql: "SELECT path FROM slice WHERE seriesId = ?", arguments: [victim.seriesId])
    }
    for path in paths {
      let url = hospital.study.url.appendingPathComponent(path)
      try Data(contentsOf: url).prefix(2000).write(to: url)
    }
    let after = try StudyPhases.read(hospital.study, rules: rules)
    #expect(after.first { $0.uid == victim.uid }?.fate.flaw == .unreadable)
    #expect(after.count == before.count)
    #expect(
      after.filter { $0.patientCode != victim.patientCode } == before.filter { $0.patientCode != victim.patientCode })
  }

  @Test func theUsersListOutranksTheFindings() throws {
    let hospital = try HospitalStudy(patients: 1, slices: 6)
    let rules = StudyProtocol.Cohort.Series()
    let reading = try #require(try StudyPhases.read(hospital.study, rules: rules).first { $0.phase == .nonContrast })
    let list = hospital.folder.url.appendingPathComponent("phases.csv")
    try "series,phase\n\(reading.uid),delayed\n".write(to: list, atomically: true, encoding: .utf8)
    let overruled = try StudyPhases.read(hospital.study, rules: rules, overrides: PhaseOverrides(contentsOf: list))
    #expect(overruled.first { $0.uid == reading.uid }?.phase == .delayed)
  }

  @Test func whatIsMissingIsNamed() throws {
    let folder = try TemporaryFolder()
    let study = try StudyFolder.create(
      at: folder.url.appendingPathComponent("study"), protocolSource: CohortSelectionTests.paper)
    #expect(throws: CohortError.self) { try StudyCohort.rules(of: study.readProtocol()) }
    #expect(throws: CohortError.self) { try StudyCohort.selection(of: study) }
    try "{".write(to: try study.cohortFile("selection.json"), atomically: true, encoding: .utf8)
    let error = #expect(throws: CohortError.self) { try StudyCohort.selection(of: study) }
    #expect(error?.kind == .noSelection)
  }
}
