import Clinical
import Foundation
import Study
import Support
import TestSupport
import Testing

@testable import Cohort

@Suite struct CohortDescriptionTests {
  private let folder: TemporaryFolder
  private let study: StudyFolder

  init() throws {
    folder = try TemporaryFolder()
    let source = folder.url.appendingPathComponent("protocol-source.yaml")
    try AtomicFile.write(
      try String(contentsOf: CohortSelectionTests.paper, encoding: .utf8) + HospitalStudy.cohort, to: source)
    study = try StudyFolder.create(at: folder.url.appendingPathComponent("study"), protocolSource: source)
  }

  /// Two patients of low and high grade who stay, of whom `a` was predicted, and one who leaves.
  private func selection() throws -> CohortSelection {
    let cells = ["subtype": "ccRCC", "metastasis": "no", "local_invasion": "no"]
    let candidates = [("a", 3, "ccRCC"), ("b", 1, "ccRCC"), ("c", 2, "oncocytoma")].map { code, grade, subtype in
      let lesion = ClinicalLesion(
        line: 2, name: "1", grade: Grade(rawValue: grade), subtype: subtype == "ccRCC" ? "clear cell" : subtype,
        stage: TumourStage(text: "T1"), procedure: "partial", side: .left, size: 30,
        cells: cells.merging(["subtype": subtype]) { _, new in new })
      return CohortCandidate(
        code: code, lesions: [lesion], exams: [CohortExam(uid: "1", day: nil, phases: [.nonContrast, .delayed])])
    }
    return CohortSelection(candidates, cohort: try #require(try study.readProtocol().cohort))
  }

  @Test func aRunKeepsWhoWasSelected() throws {
    let file = CohortDescription.file(in: folder.url)
    #expect(try !CohortDescription.record(of: study, predicted: ["a"], in: folder.url))
    #expect(!FileManager.default.fileExists(atPath: file.path))
    try StudyCohort.store(try selection(), in: study)
    #expect(try CohortDescription.record(of: study, predicted: ["a"], in: folder.url))
    let description = try JSONDecoder().decode(CohortDescription.self, from: Data(contentsOf: file))
    #expect(description == CohortDescription(try selection(), annotated: ["a"]))
    #expect(description.flow.patientsAtStart == 3 && description.flow.patientsInStudy == 2)
    #expect(description.subtypes.bars.map(\.lesions) == [2, 1])
    #expect(description.tables.map(\.header).allSatisfy { $0.count == 5 })
    #expect(description.tables[0].header[3] == "Total (n = 2)" && description.tables[2].header[3] == "Total (n = 1)")
    // It holds counts of no single patient.
    let text = try String(contentsOf: file, encoding: .utf8)
    #expect(!text.contains("\"a\"") && !text.contains("\"b\""))
  }
}
