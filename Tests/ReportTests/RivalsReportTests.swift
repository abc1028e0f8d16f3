import Analysis
import Evaluation
import Experiment
import Foundation
import RunFixtures
import Study
import Support
import Testing

@testable import Report

@Suite struct RivalsReportTests {
  /// Three rivals, of which the second is better, and the third lacks patients and repeats the tumour's size.
  private func fixture() throws -> (study: FixtureStudy, rivals: [Rivals.Rival], runs: [Run]) {
    var fixture = try FixtureStudy()
    let predictions = fixture.predictions(patients: 40, signal: 0.1)
    let lesions = fixture.lesions(predictions)
    var better = predictions
    for index in better.indices {
      better[index].probability += better[index].label == .high ? 0.3 : -0.3
      better[index].probability = min(0.99, max(0.01, better[index].probability))
    }
    let size = Dictionary(
      lesions.map { ($0.patient, Double($0.attributes["sizeMM"] ?? "") ?? 0) }, uniquingKeysWith: max)
    let third = predictions.filter { $0.patient != "case-40" }.map { row in
      var changed = row
      changed.probability = row.patient == "case-39" ? .nan : min(0.99, (size[row.patient] ?? 0) / 110)
      return changed
    }
    let runs = try [predictions, better, third].map { predictions in
      try fixture.run(predictions, lesions: lesions) { $0.baselines = .init(size: "sizeMM") }
    }
    let rivals =
      zip(["dai", "better", "size"], runs).map { Rivals.Rival(name: $0, title: "Title of \($0)", run: $1.id) }
      + [Rivals.Rival(name: "lost", title: "Lost", reason: "the weights were unavailable")]
    return (fixture, rivals, runs)
  }

  @Test func rivalsStandSideBySideOnTheirCommonPatients() throws {
    let (fixture, rivals, runs) = try fixture()
    let result = try RivalsResult(rivals, reference: "dai", margin: 0.05, in: fixture.study)
    #expect(result.entries.map(\.name) == ["dai", "better", "size"] && result.failed.map(\.name) == ["lost"])
    #expect(result.patients.codes.count == 38 && result.entries.allSatisfy { $0.result.n == 38 })
    #expect(
      result.entries.map(\.withoutExample) == [0, 0, 1] && result.entries.map(\.withoutProbability) == [0, 0, 1])
    #expect(result.entries.map(\.own.clusters) == [40, 40, 38])
    // Every rival but the reference, and Holm's correction over these two: the smaller p-value doubles.
    let areas = result.differences.filter { $0.measure == "AUC" }
    #expect(areas.map(\.name) == ["better", "size"])
    let smallest = try #require(areas.compactMap(\.pValue).min())
    #expect(areas.compactMap(\.adjustedPValue).min() == min(1, 2 * smallest))
    #expect(areas[0].verdict == .superior)
    // What only repeats the size has nothing left where size is adjusted for.
    let size = result.entries[2]
    #expect(try #require(size.result[.auc].value) > 0.6)
    #expect(abs(try #require(size.adjustedAUC.value) - 0.5) < 0.2 && size.adjustedAUC.interval?.contains(0.5) == true)
    #expect(result.agreement.kappa[0][0].value == 1 && result.agreement.spearman[1][1].value == 1)
    #expect(result.agreement.kappa[0][1] == result.agreement.kappa[1][0])
    #expect(result.errors.groups.reduce(0) { $0 + $1.patients } == 38)
    #expect(result.errors.patients.allSatisfy { 2 * $0.wrong.count > 3 })

    let folder = fixture.study.reportsFolder.appendingPathComponent("rivals")
    try RivalsReport.write(result, in: fixture.study, to: folder)
    let html = try String(contentsOf: folder.appendingPathComponent("rivals.html"), encoding: .utf8)
    try expectSound(html)
    #expect(try Markup(html).all("svg").count == 3)
    for text in ["the weights were unavailable", "Title of better", "CLEAR", "METRICS", "not reported", "no interval"] {
      #expect(html.lowercased().contains(text.lowercased()), "\(text)")
    }
    for run in runs { #expect(html.contains("runs/\(run.id)/report.html")) }
    let table = try DelimitedTable(contentsOf: folder.appendingPathComponent("rivals.csv"))
    let auc = try #require(table.rows.first { $0.cells["rival"] == "better" && $0.cells["measure"] == "auc" })
    #expect(auc.cells["value"].flatMap(Double.init) == result.entries[1].result[.auc].value)
    #expect(table.rows.count { $0.cells["kind"] == "difference" } == 8)
    let json = try JSONDecoder().decode(
      RivalsResult.self, from: Data(contentsOf: folder.appendingPathComponent("rivals.json")))
    #expect(json.entries.map(\.result) == result.entries.map(\.result) && json.errors == result.errors)
    // The same runs give the same bytes.
    let names = ["rivals.html", "rivals.csv", "rivals.json", "figures/rivals-forest.svg"]
    let first = try names.map { try Data(contentsOf: folder.appendingPathComponent($0)) }
    let again = try RivalsResult(rivals, reference: "dai", margin: 0.05, in: fixture.study)
    try RivalsReport.write(again, in: fixture.study, to: folder)
    for (name, bytes) in zip(names, first) {
      #expect(try Data(contentsOf: folder.appendingPathComponent(name)) == bytes, "\(name)")
    }
    #expect(result.text.contains("lost has no run: the weights were unavailable"))
  }

  @Test func whatCannotBeComparedSaysWhy() throws {
    let (fixture, rivals, _) = try fixture()
    let missing = #expect(throws: StudyError.self) {
      try RivalsResult(rivals, reference: "lost", margin: 0.05, in: fixture.study)
    }
    #expect(missing?.description.contains("the weights were unavailable") == true)
    #expect(throws: StudyError.self) {
      try RivalsResult(Array(rivals.suffix(2)), reference: "size", margin: 0.05, in: fixture.study)
    }
  }

  /// A rival of one score and one whose scores lie outside 0 to 1: a dash alone would leave the reader to guess.
  @Test func everyDashHasItsReason() throws {
    var fixture = try FixtureStudy()
    let predictions = fixture.predictions(patients: 20, signal: 0.1)
    let lesions = fixture.lesions(predictions)
    func with(_ probability: (Prediction) -> Double) -> [Prediction] {
      predictions.map { row in
        var changed = row
        changed.probability = probability(row)
        return changed
      }
    }
    let runs = try [with { $0.probability }, with { _ in 0.5 }, with { _ in 0.5 }].map {
      try fixture.run($0, lesions: lesions) { $0.baselines = .init(size: "sizeMM") }
    }
    let rivals = zip(["dai", "same", "again"], runs).map { Rivals.Rival(name: $0, title: $0, run: $1.id) }
    let result = try RivalsResult(rivals, reference: "dai", margin: 0.05, in: fixture.study)
    #expect(result.agreement.kappa[1][2].value == nil && result.agreement.spearman[0][1].value == nil)
    #expect(result.entries[1].netBenefit?.allSatisfy { $0.model.interval != nil || $0.model.note != nil } == true)

    let folder = fixture.study.reportsFolder.appendingPathComponent("rivals")
    try RivalsReport.write(result, in: fixture.study, to: folder)
    let html = try String(contentsOf: folder.appendingPathComponent("rivals.html"), encoding: .utf8)
    for text in [
      "Kappa of same and again: Not estimable: both call every case the same.",
      "Correlation of dai and same; correlation of dai and again; correlation of same and again: Not estimable: a model gives",
    ] {
      #expect(html.contains(text), "\(text)")
    }
  }

  @Test func checklistsOfRivalsAreNumberedAsPublished() {
    #expect(Checklist.ofRivals.map(\.items.count) == [30, 58, 16])
    let categories = Checklist.ofRivals.map { Set($0.items.map(\.part)).count }
    #expect(categories[0] == 9)
    // METRICS' weights sum to 1, and a study reaches at most 36 points of the RQS.
    let weights = Checklist.ofRivals.map { $0.items.compactMap(\.weight) }
    #expect(weights.map(\.count) == [30, 0, 16])
    #expect(abs(weights[0].compactMap(Double.init).reduce(0, +) - 1) < 1e-9)
    let points = weights[2].compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }
    #expect(points.count == 16 && points.reduce(0, +) == 36)
    let sections = Set(RunPage.sections.map(\.id) + [Checklist.comparison])
    for checklist in Checklist.ofRivals {
      #expect(checklist.items.map(\.number) == (1...checklist.items.count).map(String.init))
      for item in checklist.items {
        #expect(!item.topic.isEmpty && !item.part.isEmpty && sections.isSuperset(of: item.sections), "\(item.number)")
      }
    }
  }
}
