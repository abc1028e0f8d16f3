import RunFixtures
import Analysis
import Foundation
import Experiment
import Testing

@testable import Report
@testable import Study

/// Runs in which something cannot be computed: the page says so in every section, and nothing is blank.
@Suite struct DegenerateRunTests {
  /// A run that is degenerate in one way, and what its page must say of it.
  struct Degenerate: Sendable, CustomTestStringConvertible {
    let name: String
    /// Sentences by the section's id.
    let says: [String: String]
    let change: @Sendable (inout [Prediction]) -> Void
    var testDescription: String { name }
  }

  static let runs: [Degenerate] = [
    Degenerate(
      name: "one class in a fold",
      says: ["folds": "Fold 3, patients: One class only: there is no positive case"],
      change: { rows in rows.removeAll { $0.fold == 2 && isHigh($0.patient) } }),
    Degenerate(
      name: "one class only",
      says: [
        "result": "no AUC can be stated", "figures": "No ROC curve can be drawn",
        "discrimination": "No precision-recall curve can be drawn", "thresholds": "the stated one is used",
        "calibration": "every case is negative", "usefulness": "No decision curve can be drawn",
        "baselines": "Whether the network performs better cannot be determined",
        "controls": "can't be tested by permutation",
        "subgroups": "every case is negative", "precision": "the width of the AUC's interval cannot be stated",
      ],
      change: { rows in rows.removeAll { isHigh($0.patient) } }),
    Degenerate(
      name: "one patient",
      says: [
        "discrimination": "Not estimable", "thresholds": "there are no cases", "calibration": "Not estimable",
        "usefulness": "every case is positive", "precision": "the width of the AUC's interval cannot be stated",
      ],
      change: { rows in rows.removeAll { $0.patient != "case-01" } }),
    Degenerate(
      name: "no prediction",
      says: [
        "result": "There are no cases.", "usefulness": "there are no cases", "calibration": "there are no cases",
        "subgroups": "No patient has a value in this column.", "controls": "there are no cases",
      ],
      change: { rows in rows.removeAll() }),
    Degenerate(
      name: "a probability that is no number",
      says: [
        "result": "1 case is excluded: the probability is not a number.", "baselines": "1 patient without a value",
      ],
      change: { rows in rows[0].probability = .nan }),
    Degenerate(
      name: "no probability is a number",
      says: ["result": "cases are excluded", "discrimination": "No precision-recall curve", "calibration": "no cases"],
      change: { rows in for index in rows.indices { rows[index].probability = .nan } }),
    Degenerate(
      name: "an empty fold", says: ["folds": "Fold 5, patients: There are no cases."],
      change: { rows in rows.removeAll { $0.fold == 4 } }),
    Degenerate(
      name: "all probabilities equal",
      says: ["result": "Every case has the same probability", "calibration": "Not estimable"],
      change: { rows in for index in rows.indices { rows[index].probability = 0.4 } }),
    Degenerate(
      name: "all right",
      says: [
        "result": "The AUC of 1 is that of these few cases", "calibration": "separate the classes completely or partly",
        "discrimination": "every draw of patients gives the same value",
        "precision": "has no standard error to plan with",
      ],
      change: { rows in for index in rows.indices { rows[index].probability = isHigh(rows[index].patient) ? 0.9 : 0.1 }
      }),
    Degenerate(
      name: "all wrong", says: ["result": "The AUC of 0", "calibration": "Not estimable"],
      change: { rows in for index in rows.indices { rows[index].probability = isHigh(rows[index].patient) ? 0.1 : 0.9 }
      }),
    Degenerate(
      name: "probabilities of 0 and 1", says: ["calibration": "Not estimable"],
      change: { rows in for index in rows.indices { rows[index].probability = index % 3 == 0 ? 1 : 0 } }),
    Degenerate(
      name: "scores that are no probabilities",
      says: ["calibration": "outside 0 to 1", "usefulness": "outside 0 to 1"],
      change: { rows in for index in rows.indices { rows[index].probability *= 3 } }),
  ]

  /// The fixture's first third is high grade: 14 of 40.
  private static func isHigh(_ patient: String) -> Bool { (Int(patient.suffix(2)) ?? 99) <= 14 }

  @Test(arguments: runs, [StudyProtocol.Evaluation.ThresholdRule.fixed, .youden])
  func everySectionSaysWhatItCannotSay(
    degenerate: Degenerate, rule: StudyProtocol.Evaluation.ThresholdRule
  ) throws {
    var fixture = try FixtureStudy()
    var predictions = fixture.predictions(patients: 40)
    let lesions = fixture.lesions(predictions)
    degenerate.change(&predictions)
    let run = try fixture.run(predictions, epochs: 0, lesions: lesions) { settings in
      settings.evaluation.thresholdRule = rule
      settings.subgroups = [.init(column: "sizeMM", name: "Size", cuts: [40, 5000]), .init(column: "sex")]
      settings.baselines = .init(size: "sizeMM", clinical: ["sizeMM", "sex", "age"])
    }
    let metrics = try RunReport.write(run)
    #expect(try run.readJSON(RunMetrics.self, from: run.url.appendingPathComponent("metrics.json")) == metrics)
    let html = try String(contentsOf: run.url.appendingPathComponent("report.html"), encoding: .utf8)
    try expectSound(html)
    let sections = Dictionary(
      try Markup(html).all("section").map { ($0.attributes["id"] ?? "", $0.text) }
    ) { first, _ in first }
    for section in RunPage.sections {
      let text = try #require(sections[section.id], "\(section.id)")
      #expect(text.count > section.title.count + 30, "\(section.id) is blank")
      #expect(!text.contains(/\b(nan|NaN|inf|Optional\()/), "\(section.id)")
    }
    for (id, sentence) in degenerate.says where !(id == "thresholds" && rule == .fixed) {
      #expect(sections[id]?.contains(sentence) == true, "\(id): \(sections[id] ?? "")")
    }
  }

  @Test func aRunWithoutItsLesionsSaysSo() throws {
    var fixture = try FixtureStudy()
    let run = try fixture.run(fixture.predictions(patients: 40)) { settings in
      settings.subgroups = [.init(column: "sex")]
      settings.baselines = .init(size: "sizeMM")
    }
    try RunReport.write(run)
    let html = try String(contentsOf: run.url.appendingPathComponent("report.html"), encoding: .utf8)
    #expect(html.contains("so it cannot be divided into subgroups"))
    #expect(html.contains("so there is nothing to compare the network with"))
    let silent = try fixture.run(fixture.predictions(patients: 40), lesions: [])
    try RunReport.write(silent)
    let text = try String(contentsOf: silent.url.appendingPathComponent("report.html"), encoding: .utf8)
    #expect(text.contains("The protocol lists no <code>subgroups</code>"))
    #expect(text.contains("<code>baselines</code> list no clinical variables"))
  }
}
