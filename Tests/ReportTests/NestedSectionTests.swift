import RunFixtures
import Analysis
import Foundation
import Support
import TestSupport
import Testing

@testable import Report

@Suite struct NestedSectionTests {
  private func text(_ json: String?) throws -> String {
    var fixture = try FixtureStudy()
    let run = try fixture.run(fixture.predictions(patients: 10), epochs: 0)
    if let json { try AtomicFile.write(json, to: run.url.appendingPathComponent("nested.json")) }
    let content = try RunContent(run)
    #expect(NestedSection().answers(content) == (json != nil))
    let html = NestedSection().html(content, figures: run.url)
    return try Markup("<html>\(html.map(\.markup).joined())</html>").all("html").first?.text ?? ""
  }

  private func json(auc: String, best: String) -> String {
    """
    {"criterion": "patient-level AUC", "innerFolds": 4, "auc": \(auc), "sweepBest": \(best), "choices": [
      {"fold": 0, "variant": {"batchSize": 16},
       "inner": [{"variant": {"batchSize": 4}, "auc": 0.71}, {"variant": {"batchSize": 16}, "auc": 0.8125}]},
      {"fold": 1, "variant": {"batchSize": 4},
       "inner": [{"variant": {"batchSize": 4}, "auc": 0.9}, {"variant": {"batchSize": 16}, "auc": null}]}]}
    """
  }

  @Test func theOptimismIsTheSweepsBestLessTheNestedEstimate() throws {
    let text = try text(json(auc: "0.8", best: #"{"variant": {"batchSize": 16}, "auc": 0.85}"#))
    for phrase in [
      "What was chosen for each fold, and the patient-level AUC", "For each fold the batch size was chosen", "Fold 2",
      "0.812", "4-fold cross-validation",
      "nested patient-level AUC is 0.800", "batch size 16, has 0.850: higher by 0.050, which estimates the optimism",
    ] {
      #expect(text.contains(phrase), "\(phrase): \(text)")
    }
  }

  @Test(arguments: [
    ("0.8", "null", "no runs of all choices on the same folds"), ("null", "null", "is undefined"),
    ("0.8", #"{"variant": {"batchSize": 4}, "auc": 0.7}"#, "is not optimistic"),
  ])
  func whatIsMissingIsASentence(_ auc: String, _ best: String, _ phrase: String) throws {
    #expect(try text(json(auc: auc, best: best)).contains(phrase))
  }

  @Test func aChoiceAmongProtocolsNamesThem() throws {
    let dense = #"{"protocolName": "dense", "batchSize": 8}"#
    let text = try text(
      """
      {"criterion": "AUC", "innerFolds": 2, "auc": 0.7, "choices": [{"fold": 0, "variant": \(dense),
        "inner": [{"variant": {"batchSize": 8}, "auc": 0.6}, {"variant": \(dense), "auc": 0.75}]}]}
      """)
    for phrase in ["the protocol and its batch size were chosen", "Fold 1dense, batch size 80.6000.750"] {
      #expect(text.contains(phrase), "\(phrase): \(text)")
    }
  }

  @Test func aRunOfOneBatchSizeSaysWhatToDo() throws {
    #expect(try text(nil).contains("renalgrade nested STUDY"))
    #expect(throws: StudyError.self) { try text("{}") }
  }
}
