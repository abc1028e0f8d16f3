import Analysis
import Evaluation
import Experiment
import Foundation
import RunFixtures
import Study
import Support
import Testing

@testable import Report

/// Runs beside one another, as a page, a table and for a terminal.
@Suite struct CompareTests {
  @Test func whatKeepsRunsFromBeingComparableIsSaid() throws {
    var fixture = try FixtureStudy()
    #expect(try RunComparison(fixture.pairOfRuns(), margin: 0.05).remarks.isEmpty)
    let predictions = fixture.predictions(patients: 40)
    var fewer = predictions.filter { $0.patient != "case-40" }
    for index in fewer.indices where fewer[index].patient == "case-39" { fewer[index].label = .high }
    let remarks = try RunComparison([try fixture.run(predictions), try fixture.run(fewer)], margin: 0.1).remarks
    #expect(remarks.contains { $0.contains("39 patients that all of them have predicted; 1 of 40 is excluded") })
    #expect(remarks.contains { $0.hasPrefix("1 patient with different classes in different runs") })
    #expect(remarks.contains { $0.hasPrefix("The runs do not have the same folds") })
  }

  @Test func runsThatDifferInTheirSeedsAreSummedUpInALine() throws {
    var fixture = try FixtureStudy()
    var runs: [Run] = []
    for seed in 1...3 {
      let predictions = fixture.predictions(patients: 40)
      runs.append(try fixture.run(predictions) { $0.training?.seed = UInt64(seed) })
    }
    #expect(try RunComparison(runs, margin: 0.05).text.contains("Seeds: runs 1, 2, 3, mean (SD): AUC"))
  }

  @Test func thePageAndTheTableTellTheSame() throws {
    var fixture = try FixtureStudy()
    let runs = try fixture.pairOfRuns()
    let folder = fixture.study.reportsFolder.appendingPathComponent("compare")
    let comparison = try CompareReport.write(runs, margin: 0.05, to: folder)
    let html = try String(contentsOf: folder.appendingPathComponent("compare.html"), encoding: .utf8)
    try expectSound(html)
    #expect(html.contains(runs[0].id) && html.contains("2 less 1") && html.contains("No two of the runs differ"))
    #expect(html.contains("Virtual patients: the images are synthetic."))
    let table = try DelimitedTable(contentsOf: folder.appendingPathComponent("compare.csv"))
    let differences = table.rows.filter { $0.cells["kind"] == "difference" }
    #expect(differences.map { Double($0.cells["value"] ?? "") } == comparison.differences.map(\.difference.value))
    #expect(table.rows.count { $0.cells["kind"] == "run" } == 2 * Metric.all.count)
    let first = try Data(contentsOf: folder.appendingPathComponent("compare.html"))
    try FileManager.default.removeItem(at: folder)
    try CompareReport.write(runs, margin: 0.05, to: folder)
    #expect(try Data(contentsOf: folder.appendingPathComponent("compare.html")) == first)
  }
}
