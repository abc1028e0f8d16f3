import Analysis
import Evaluation
import Foundation
import RunFixtures
import Study
import Testing

@testable import Report

/// The table of simulated coverage, and what the pages say of it.
@Suite struct CoverageTableTests {
  @Test func everyIntervalThatIsPrintedIsThere() throws {
    let table = try Coverage.simulated.get()
    let measures =
      Metric.all.map(\.key) + ["averagePrecision", "brier", "slope", "intercept", "netBenefit"]
    for level in [Level.patient, .lesion, .slice] {
      for patients in [5, 40, 100, 400, 5000] {
        for measure in measures { #expect(table.row(measure, level, patients: patients) != nil, "\(measure)") }
      }
    }
    for measure in ["auc", "accuracy", "sensitivity", "specificity"] {
      #expect(table.row("\(measure)Difference", .patient, patients: 40)?.patients == 40)
    }
    #expect(table.row("ppvAtShare", .patient, patients: 64)?.patients == 100)
    #expect(table.row("ppvAtShare", .patient, patients: 62)?.patients == 40)
    #expect(table.intervals.allSatisfy { $0.coverage.count == table.aucs.count })
  }

  /// The interval of the headline was chosen by this table.
  @Test func theHeadlineIntervalHoldsTheTruthWhereDeLongsDoesNot() throws {
    let table = try Coverage.simulated.get()
    for patients in [40, 100, 400] {
      let chosen = try #require(table.row("auc", .patient, patients: patients))
      #expect(Coverage.accepted.contains(chosen.range.lowerBound), "\(patients)")
      #expect(Coverage.accepted.contains(chosen.range.upperBound), "\(patients)")
    }
    #expect(try #require(table.row("aucDeLong", .patient, patients: 40)).range.lowerBound < 0.9)
  }

  @Test func thePageSaysWhichIntervalsAreTooNarrow() throws {
    let table = try Coverage.simulated.get()
    let names = Metric.all.map { (key: $0.key, name: $0.name) }
    for (patients, level) in [(40, Level.patient), (40, .slice), (400, .patient), (100, .slice)] {
      let text = Coverage.remark(names, at: [level], patients: patients).markup
      for (key, name) in names {
        let row = try #require(table.row(key, level, patients: patients))
        #expect(text.contains(name))
        let isNarrow = row.range.lowerBound < Coverage.accepted.lowerBound
        let warned = text.split(separator: "Sometimes below 93%").dropFirst().first?.split(separator: ".").first ?? ""
        #expect(warned.contains(name) == isNarrow || names.contains { $0.name != name && $0.name.contains(name) })
      }
    }
    #expect(Coverage.remark(names, patients: 11).markup.contains("No cohort of about 11 patients was simulated"))
    #expect(!Coverage.remark(names, patients: 40).markup.contains("No cohort of about"))
    #expect(Coverage.remark([("nothing", "nothing")], patients: 40).markup.contains("was not simulated"))
  }

  // MARK: What a result is called

  @Test func anAUCBelowAHalfIsCalledReversed() throws {
    var fixture = try FixtureStudy()
    let reversed = fixture.predictions(patients: 40, signal: 0.6).map { row in
      var turned = row
      turned.probability = 1 - row.probability
      return turned
    }
    let run = try fixture.run(reversed)
    let content = try RunContent(run)
    #expect(Precision.sentence(content.metrics.pooled.patient, of: "network").contains("The ranking is reversed"))
    #expect(content.metrics.headline.contains("The ranking is reversed"))
    let plain = try RunContent(fixture.run(fixture.predictions(patients: 40, signal: 0.6)))
    #expect(!plain.metrics.headline.contains("reversed"))
    let none = try RunContent(fixture.run(fixture.predictions(patients: 40, signal: 0)))
    let sentence = Precision.sentence(none.metrics.pooled.patient, of: "network")
    #expect(sentence.contains("inconclusive") && !sentence.contains("does not show"))
  }

  @Test func aMeanSaysOfHowManyFoldsItIs() throws {
    var fixture = try FixtureStudy()
    var predictions = fixture.predictions(patients: 40)
    predictions.removeAll { $0.fold == 2 && $0.label == .high }
    let run = try fixture.run(predictions)
    try RunReport.write(run)
    let html = try String(contentsOf: run.url.appendingPathComponent("report.html"), encoding: .utf8)
    #expect(html.contains("Mean (SD) of 5 folds") && html.contains(", 4 of 5 folds"))
  }

  /// The pooled AUC has one value and one interval, whichever section prints it.
  @Test func oneQuantityHasOneInterval() throws {
    var fixture = try FixtureStudy()
    let predictions = fixture.predictions(patients: 40)
    let run = try fixture.run(predictions, lesions: fixture.lesions(predictions)) {
      $0.baselines = .init(size: "sizeMM")
    }
    try RunReport.write(run)
    let html = try String(contentsOf: run.url.appendingPathComponent("report.html"), encoding: .utf8)
    let sections = Dictionary(
      try Markup(html).all("section").map { ($0.attributes["id"] ?? "", $0.text) }
    ) { first, _ in first }
    let patient = try RunContent(run).metrics.pooled.patient
    let interval = Format.range(try #require(patient[.auc].interval))
    for section in ["result", "discrimination", "baselines"] {
      #expect(sections[section]?.contains(interval) == true, "\(section)")
    }
    let width = Format.number(try #require(patient[.auc].interval).width)
    #expect(sections["precision"]?.contains("an interval of width \(width)") == true)
  }
}
