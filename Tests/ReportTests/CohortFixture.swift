import RunFixtures
import Foundation
import Study
import Testing

@testable import Cohort

/// A selection of `case-01`, `case-02`, ..., drawn by rule, for reports.
enum CohortFixture {
  static let rules = """

    cohort:
      gradeSystem: Fuhrman
      columns:
        subtype: subtype
        stage: null
        procedure: procedure
        laterality: side
        size: size
        sizeUnit: mm
        scanDate: null
      series:
        preferredSpacing: 2.5
        maximumSpacing: 10
        minimumExtent: 50
        minimumCoverage: 0.5
      rules:
        - {name: clear cell, missing: exclude, column: subtype, equals: [clear cell]}
        - {name: grade known, missing: exclude, gradeKnown: true}

    """

  static func cohort() throws -> StudyProtocol.Cohort {
    let source = FixtureStudy.protocols.appendingPathComponent("paper.yaml")
    let yaml = try String(contentsOf: source, encoding: .utf8) + rules
    return try #require(try StudyProtocol(yaml: yaml, name: "paper.yaml").cohort)
  }

  /// `count` patients with contours, a third of them of high grade, and six who leave.
  static func selection(patients count: Int) throws -> CohortSelection {
    let candidates = (0..<count + 6).map { index in
      let isOther = (count..<count + 4).contains(index)
      let subtype = isOther ? ["oncocytoma", "papillary"][index % 2] : "clear cell"
      let grade = index >= count + 4 ? nil : Grade(rawValue: index < (count + 2) / 3 ? 3 + index % 2 : 1 + index % 2)
      let lesion = ClinicalLesion(
        line: index + 2, name: "1", grade: grade, subtype: subtype, stage: nil,
        procedure: index % 3 == 0 ? "radical" : "partial", side: index % 2 == 0 ? .left : .right,
        size: 20 + Double(index % 40), cells: ["subtype": subtype])
      return CohortCandidate(
        code: FixtureStudy.code(index), lesions: [lesion],
        exams: [CohortExam(uid: "1.2.\(index)", day: nil, phases: [.nonContrast, .lateArterial])])
    }
    return CohortSelection(candidates, cohort: try cohort())
  }

  static func description(patients count: Int) throws -> CohortDescription {
    CohortDescription(try selection(patients: count), annotated: Set((0..<count).map(FixtureStudy.code)))
  }
}
