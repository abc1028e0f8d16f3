import Clinical
import Foundation
import Study
import TestSupport
import Testing

@testable import Cohort

@Suite struct CohortTableTests {
  /// 2 low and 1 high patients, one of them with two tumours.
  private static func patients() -> [CohortSelection.Patient] {
    func lesion(_ name: String, _ grade: Int, _ side: TumourSide?, _ size: Double?, _ procedure: String?)
      -> ClinicalLesion
    {
      ClinicalLesion(
        line: 2, name: name, grade: Grade(rawValue: grade), subtype: "clear cell", stage: nil, procedure: procedure,
        side: side, size: size, cells: [:])
    }
    func patient(_ code: String, _ phases: [Phase], _ lesions: [ClinicalLesion]) -> CohortSelection.Patient {
      .init(code: code, lesions: lesions, exam: CohortExam(uid: code, day: nil, phases: phases), exclusion: nil)
    }
    return [
      patient("a", [.nonContrast, .portalVenous], [lesion("1", 2, .left, 30, "partial nephrectomy")]),
      patient("b", [.nonContrast], [lesion("1", 1, .right, 50, nil)]),
      patient(
        "c", [.portalVenous], [lesion("1", 2, .left, 20, "biopsy"), lesion("2", 3, .right, 45, "biopsy & more")]),
    ]
  }

  private func table(_ level: CohortTable.Level) -> CohortTable {
    CohortTable.describing(Self.patients(), gradeSystem: .fuhrman, level: level, title: "Table 3")
  }

  @Test func patientsCountOnceByTheirHighestGrade() throws {
    let text = try table(.patient).rendered(as: .text)
    #expect(text.contains("Low (n = 2)") && text.contains("High (n = 1)") && text.contains("Total (n = 3)"))
    #expect(text.contains("bilateral"))
    #expect(table(.patient).contradictions.isEmpty)
    let lesions = table(.lesion)
    #expect(lesions.total == 4 && lesions.classes.map(\.count) == [3, 1] && lesions.contradictions.isEmpty)
    #expect(try !lesions.rendered(as: .text).contains("bilateral"))
  }

  @Test func everyFormatHasEveryCell() throws {
    let table = table(.patient)
    let csv = try table.rendered(as: .csv)
    #expect(csv.contains("Procedure,biopsy & more,0 (0.0),1 (100.0),1 (33.3),"))
    #expect(csv.contains("Procedure,unknown,1 (50.0),0 (0.0),1 (33.3),"))
    #expect(csv.contains("Size in cm,median (quartiles),4.0 (3.5–4.5),4.5 (4.5–4.5),4.5 (3.8–4.8),"))
    let markdown = try table.rendered(as: .markdown)
    #expect(markdown.contains("| portal venous | 1 (50.0) | 1 (100.0) | 2 (66.7) |  |"))
    let latex = try table.rendered(as: .latex)
    #expect(latex.contains(#"\quad biopsy \& more & 0 (0.0) & 1 (100.0) & 1 (33.3) &  \\"#))
    #expect(latex.contains(#"$\leq$ 4 cm"#))
    for format in [csv, markdown, latex] { #expect(format.contains("late arterial")) }
  }

  /// The paper's Table 4 as printed.
  ///
  /// 24 low and 16 high in its header, 26 and 14 in its text; laterality makes 26 and 14,
  /// procedure 26 and 16. How each sum falls on its rows is not needed.
  private func table4(low: Int, high: Int, total: Int, laterality: [CohortTable.Row], procedure: [CohortTable.Row])
    -> CohortTable
  {
    CohortTable(
      title: "Table 4", unit: "patients", classes: [("Low", low), ("High", high)], total: total,
      variables: [.init("Laterality", .categories(laterality)), .init("Procedure", .categories(procedure))])
  }

  @Test func thePapersTable4RefusesToPrint() throws {
    let printed = table4(
      low: 24, high: 16, total: 40,
      laterality: [.init("left", [14, 8], total: 22), .init("right", [12, 6], total: 18)],
      procedure: [.init("partial", [16, 9], total: 25), .init("radical", [10, 7], total: 17)])
    let error = #expect(throws: CohortError.self) { try printed.rendered(as: .text) }
    #expect(error?.kind == .contradiction)
    for sentence in [
      "The rows of Laterality make 26 in column Low, its heading says 24.",
      "The rows of Laterality make 14 in column High, its heading says 16.",
      "The rows of Procedure make 26 in column Low, its heading says 24.",
    ] {
      #expect(error?.description.contains(sentence) == true, "\(error?.description ?? "")")
    }
    for format in CohortTable.Format.allCases { #expect(throws: CohortError.self) { try printed.rendered(as: format) } }
  }

  @Test func theTextsNumbersContradictItsProcedures() throws {
    let text = table4(
      low: 26, high: 14, total: 40,
      laterality: [.init("left", [14, 8], total: 22), .init("right", [12, 6], total: 18)],
      procedure: [.init("partial", [16, 9], total: 25), .init("radical", [10, 7], total: 17)])
    #expect(text.contradictions == ["The rows of Procedure make 16 in column High, its heading says 14."])
    // Figure 8 has 514 patients, the text 505.
    let figure = CohortTable(
      title: "", unit: "patients", classes: [("Low", 361), ("High", 144)], total: 514, variables: [])
    #expect(figure.contradictions == ["The headings say 361 + 144 = 505, the text says 514."])
  }

  @Test func rowsAndFindingsMustFitToo() {
    let table = CohortTable(
      title: "", unit: "patients", classes: [("Low", 2), ("High", 2)], total: 4,
      variables: [
        .init("Phase", .findings([.init("delayed", [3, 1], total: 4), .init("arterial", [1, 1], total: 3)])),
        .init("Side", .categories([.init("left", [2, 2], total: 5)])),
      ])
    #expect(
      table.contradictions == [
        "The cells of left make 4, the row says 5.",
        "The row delayed of Phase has 3 in column Low, its heading says 2.",
        "The cells of arterial (Phase) make 2, the row says 3.",
      ])
  }

  @Test func anEmptyCohortPrints() throws {
    let table = CohortTable.describing([], gradeSystem: .isup, level: .patient, title: "Nobody")
    #expect(try table.rendered(as: .text).contains("Total (n = 0)"))
  }
}

@Suite struct SelectionFlowTests {
  private func flow() throws -> CohortSelection {
    let rules = try #require(try CohortSelectionTests.settings().cohort)
    var lost = CohortCandidate(code: nil)
    lost.unusable = (UnusableStep.noImages.rawValue, "no \"CT\" in the study")
    let lesion = ClinicalLesion(
      line: 2, name: "1", grade: Grade(rawValue: 3), subtype: "clear cell", stage: TumourStage(text: "T1"),
      procedure: nil,
      side: nil, size: nil, cells: ["subtype": "ccRCC", "metastasis": "no", "local_invasion": "no"])
    let kept = CohortCandidate(
      code: "a", lesions: [lesion], exams: [CohortExam(uid: "1", day: nil, phases: [.nonContrast, .delayed])])
    return CohortSelection([lost, kept], cohort: rules)
  }

  @Test func dataTextAndDiagramTellTheSame() throws {
    let flow = SelectionFlow(try flow())
    #expect(
      flow.text.hasPrefix("2 patients (1 lesion) at the start\n  - has CT images: 1 patient (0 lesions) excluded"))
    #expect(
      flow.text.hasSuffix(
        "1 patient (1 lesion) in the study\n  Patients by their highest grade: 0 of low grade, 1 of high grade\n"
          + "  Lesions by their own grade: 0 of low grade, 1 of high grade\n"))
    #expect(flow.csv.contains(#"has CT images,1,0,1,1,"no ""CT"" in the study: 1""#))
    #expect(flow.dot.contains(#"no \"CT\" in the study: 1"#))
    #expect(SubtypeChart(try self.flow()).csv == "subtype,lesions,percent\nclear cell,1,100.0\n")
  }

  @Test func graphvizDrawsIt() throws {
    let folder = try TemporaryFolder()
    #expect(try SelectionFlow(try flow()).write(to: folder.url))
    let svg = try String(contentsOf: folder.url.appendingPathComponent("flow.svg"), encoding: .utf8)
    #expect(svg.contains("Patients at the start") && svg.contains("</svg>"))
    for (suffix, signature) in [("pdf", "%PDF"), ("png", "\u{89}PNG")] {
      let picture = try Data(contentsOf: folder.url.appendingPathComponent("flow.\(suffix)"))
      #expect(picture.starts(with: signature.unicodeScalars.map { UInt8($0.value) }), "\(suffix)")
    }
  }

  @Test func withoutGraphvizTheScriptRemains() throws {
    let folder = try TemporaryFolder()
    #expect(try Graphviz.draw("flow", in: folder.url, path: folder.url.path) == false)
    try "digraph {".write(to: folder.url.appendingPathComponent("bad.dot"), atomically: true, encoding: .utf8)
    #expect(throws: CohortError.self) { try Graphviz.draw("bad", in: folder.url, path: "/usr/bin") }
  }
}
