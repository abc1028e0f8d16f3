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
    settings.model.settings = [
      "columns": .text("stage"), "table.columns": .texts(["side", "sex"]), "ridge": .number(1),
    ]
    #expect(settings.questionedColumns == ["age", "sex", "side", "sizeMM", "stage"])
    settings.model.settings = nil
    settings.evaluation.aggregation = .topK
    settings.evaluation.topK = 3
    #expect(try StudyProtocol(yaml: settings.yaml, name: "again") == settings)
  }

  @Test(arguments: [
    ("  topK: 3\n", "", "evaluation.topK must be omitted"),
    ("  thresholdRule: fixedSensitivity\n", "", "evaluation.thresholdRule must be fixedSensitivity together with"),
    ("  targetSensitivity: 0.9\n", "", "evaluation.targetSensitivity must be omitted"),
    (
      "  thresholdRule: fixedSensitivity\n  targetSensitivity: 1.5\n", "",
      "evaluation.targetSensitivity must be above 0 and at most 1"
    ),
    ("  thresholdRule: best\n", "", "evaluation.thresholdRule"),
    ("", "subgroups: [{column: sex}, {column: sex}]", "subgroups.1.column must be listed only once"),
    ("", "subgroups: [{column: \"\"}]", "subgroups.0.column must be a column"),
    ("", "subgroups: [{column: age, cuts: [70, 40]}]", "subgroups.0.cuts must be one or more increasing numbers"),
    ("", "subgroups: [{column: age, cuts: []}]", "subgroups.0.cuts must be one or more increasing numbers"),
    ("", "subgroups: [{column: age, cut: [40]}]", "unknown key subgroups.0.cut"),
    ("", "baselines: {}", "baselines must be omitted, or contain"),
    ("", "baselines: {clinical: []}", "baselines must be omitted, or contain"),
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
}
