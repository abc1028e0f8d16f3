import Foundation
import GRDB
import Support
import TestSupport
import Testing

@testable import Study

/// What a protocol may ask of the report, and what a run keeps to answer it.
@Suite struct QuestionsTests {
  private static let paper = protocolsFolder.appendingPathComponent("paper.yaml")

  private static func settings(evaluation: String = "", rest: String = "") throws -> StudyProtocol {
    let text = try String(contentsOf: paper, encoding: .utf8)
      .replacingOccurrences(of: "evaluation:\n", with: "evaluation:\n\(evaluation)")
    return try StudyProtocol(yaml: text + rest, name: "mine.yaml")
  }

  @Test func aProtocolThatAsksNothingStaysAsItWas() throws {
    let settings = try StudyProtocol(contentsOf: Self.paper)
    #expect(settings.subgroups == nil && settings.baselines == nil && settings.evaluation.topK == nil)
    for key in ["topK", "thresholdRule", "targetSensitivity", "subgroups", "baselines"] {
      #expect(try !settings.yaml.contains(key), "\(key)")
    }
    #expect(settings.questionedColumns == [])
  }

  @Test func questionsSurviveARoundTrip() throws {
    var settings = try Self.settings(
      evaluation: "  thresholdRule: fixedSensitivity\n  targetSensitivity: 0.95\n",
      rest: """
        subgroups:
          - column: sizeMM
            name: Tumour size
            cuts: [40, 70]
          - column: sex
        baselines:
          size: sizeMM
          clinical: [sizeMM, sex, age]
        """)
    #expect(settings.evaluation.thresholdRule == .fixedSensitivity && settings.evaluation.targetSensitivity == 0.95)
    #expect(settings.subgroups?.map(\.column) == ["sizeMM", "sex"] && settings.subgroups?.first?.cuts == [40, 70])
    #expect(settings.questionedColumns == ["age", "sex", "sizeMM"])
    settings.evaluation.aggregation = .topK
    settings.evaluation.topK = 3
    #expect(try StudyProtocol(yaml: settings.yaml, name: "again") == settings)
  }

  @Test(arguments: [
    ("  topK: 3\n", "", "evaluation.topK must be left out"),
    ("  thresholdRule: fixedSensitivity\n", "", "evaluation.thresholdRule must be fixedSensitivity together with"),
    ("  targetSensitivity: 0.9\n", "", "evaluation.targetSensitivity must be left out"),
    (
      "  thresholdRule: fixedSensitivity\n  targetSensitivity: 1.5\n", "",
      "evaluation.targetSensitivity must be above 0 and at most 1"
    ),
    ("  thresholdRule: best\n", "", "evaluation.thresholdRule"),
    ("", "subgroups: [{column: sex}, {column: sex}]", "subgroups.1.column must be named once"),
    ("", "subgroups: [{column: \"\"}]", "subgroups.0.column must be a column"),
    ("", "subgroups: [{column: age, cuts: [70, 40]}]", "subgroups.0.cuts must be one or more rising numbers"),
    ("", "subgroups: [{column: age, cuts: []}]", "subgroups.0.cuts must be one or more rising numbers"),
    ("", "subgroups: [{column: age, cut: [40]}]", "unknown key subgroups.0.cut"),
    ("", "baselines: {}", "baselines must be left out, or hold"),
    ("", "baselines: {clinical: []}", "baselines must be left out, or hold"),
    ("", "baselines: {clinical: [age, age]}", "baselines.clinical must be columns, each named once"),
  ]) func aSenselessQuestionIsNamed(evaluation: String, rest: String, message: String) throws {
    let error = #expect(throws: StudyError.self) { try Self.settings(evaluation: evaluation, rest: rest) }
    #expect(error?.kind == .invalidProtocol)
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    #expect(error?.description.contains(/mine.yaml:\d+:/) == true, "\(error?.description ?? "")")
  }

  @Test func theTopSlicesNeedTheirNumber() throws {
    let text = try String(contentsOf: Self.paper, encoding: .utf8)
      .replacingOccurrences(of: "aggregation: mean", with: "aggregation: topK")
    let error = #expect(throws: StudyError.self) { try StudyProtocol(yaml: text, name: "mine.yaml") }
    #expect(error?.description.contains("evaluation.aggregation must be topK together with evaluation.topK") == true)
    let whole = text.replacingOccurrences(of: "evaluation:\n", with: "evaluation:\n  topK: 0\n")
    #expect(throws: StudyError.self) { try StudyProtocol(yaml: whole, name: "mine.yaml") }
  }

  @Test(arguments: ["identifiers", "codes"]) func aRunKeepsTheColumnsThatItMay(patientIDs: String) throws {
    let test = try ImportFolder(patientIDs: patientIDs)
    for patient in ["P01", "P02"] {
      try test.writeSeries("a", patient: patient) {
        $0.elements[.manufacturer] = "Maker"
        $0.elements[.manufacturerModelName] = "Model 7"
      }
    }
    try test.importDICOM("a")
    try _ = test.importPathology(
      "patient,lesion,grade,sizeMM,remark\nP01,1,2,31,seen by Dr Who\nP01,2,3,44,\nP02,1,4,20,Jane\n")
    try test.study.write { database in
      let lesions = try Row.fetchAll(
        database,
        sql: "SELECT lesion.id, patient.sourceID, lesion.name FROM lesion JOIN patient ON patient.id = patientId")
      for row in lesions where row["sourceID"] == "P01" {
        let slices = try Int64.fetchAll(
          database,
          sql: """
            SELECT slice.id FROM slice JOIN series ON series.id = seriesId JOIN exam ON exam.id = examId
              JOIN patient ON patient.id = patientId WHERE sourceID = 'P01' ORDER BY slice.id
            """)
        for slice in slices.prefix(2) {
          try database.execute(
            sql:
              "INSERT INTO roi (ordinal, sliceId, lesionId, reader, pixelHash, contour) VALUES (NULL, ?, ?, 'R', '', '[]')",
            arguments: [slice, row["id"] as Int64])
        }
      }
      try database.execute(
        sql: "INSERT INTO seriesPhase SELECT id, 'portalVenous', 1, 1, '[]' FROM series")
    }
    var settings = try test.study.readProtocol()
    settings.subgroups = [.init(column: "sizeMM"), .init(column: "phase")]
    let ids = try test.study.read { try Int64.fetchAll($0, sql: "SELECT id FROM lesion ORDER BY id") }
    let lesions = try RunLesion.all(in: test.study, settings, extents: [ids[0]: 31.26])
    // P02 has no ROI.
    #expect(lesions.map(\.lesion) == ["1", "2"] && Set(lesions.map(\.patient)).count == 1)
    #expect(lesions.map(\.grade.rawValue) == [2, 3])
    #expect(lesions.map { $0.attributes["sizeMM"] } == ["31", "44"])
    #expect(lesions.allSatisfy { $0.attributes["phase"] == "portalVenous" })
    // What comes from the images names nobody, and is kept in any case.
    #expect(lesions.map { $0.attributes["contour_mm"] } == ["31.3", nil])
    #expect(lesions.allSatisfy { $0.attributes["scanner"] == "Maker Model 7" })
    #expect((lesions[0].attributes["remark"] == nil) == (patientIDs == "identifiers"))
    let file = test.url("lesions.json")
    try AtomicFile.writeJSON(lesions, to: file)
    #expect(try JSONDecoder().decode([RunLesion].self, from: Data(contentsOf: file)) == lesions)
  }
}
