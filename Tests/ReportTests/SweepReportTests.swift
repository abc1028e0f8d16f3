import RunFixtures
import Analysis
import Foundation
import Experiment
import Support
import Testing

@testable import Report
@testable import Study

@Suite struct SweepReportTests {
  @Test func table5StandsBesideThePapers() throws {
    var fixture = try FixtureStudy()
    var runs: [Run] = []
    for (batchSize, signal) in [(64, 0.1), (4, 0.2), (16, 0.3)] {
      runs.append(try fixture.run(fixture.predictions(patients: 40, signal: signal), batchSize: batchSize, epochs: 2))
    }
    let folder = fixture.study.reportsFolder.appendingPathComponent("sweep")
    try SweepReport.write(runs, to: folder)
    let table = try DelimitedTable(contentsOf: folder.appendingPathComponent("table5.csv"))
    #expect(table.rows.count == 12)
    #expect(table.rows.map { $0.cells["batchSize"] } == [4, 4, 4, 4, 16, 16, 16, 16, 64, 64, 64, 64].map { "\($0)" })
    let paper = table.rows.filter { $0.cells["source"] == "the paper" }
    #expect(paper.map { $0.cells["sensitivity"] } == ["0.55", "0.67", "0.53"])
    #expect(paper.map { $0.cells["auc"] } == ["", "0.88", ""])
    let metrics = try RunContent(runs[2]).metrics.pooled.patient
    let ours = try #require(table.rows.first { $0.cells["batchSize"] == "16" && $0.cells["level"] == "patient" })
    #expect(ours.cells["auc"].flatMap(Double.init) == metrics[.auc].value)
    #expect(ours.cells["aucLower"].flatMap(Double.init) == metrics[.auc].interval?.lower)
    let markdown = try String(contentsOf: folder.appendingPathComponent("table5.md"), encoding: .utf8)
    #expect(markdown.contains("| 16 | the paper | not stated | – | 0.67 | 0.94 | 0.84 | 0.88 |"))
    #expect(markdown.contains("optimistic"))
    let html = try String(contentsOf: folder.appendingPathComponent("sweep.html"), encoding: .utf8)
    try expectSound(html)
    #expect(html.contains("optimistic"))
    #expect(!html.contains("more than the batch size") && !html.contains("not have the same folds"))
    // Two levels of ROC curves, and of one matrix for each batch size.
    #expect(try Markup(html).all("svg").count == 2 + 2 * 3)
    #expect(html.contains("Batch 64. Patients: rows are the true grade, columns the predicted one"))
    // The same runs give the same bytes, in whatever order they are named.
    let names = ["sweep.html", "table5.csv", "table5.md", "figures/sweep-roc-patient.svg"]
    let first = try names.map { try Data(contentsOf: folder.appendingPathComponent($0)) }
    try FileManager.default.removeItem(at: folder)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try SweepReport.write(runs.reversed(), to: folder)
    for (name, bytes) in zip(names, first) {
      #expect(try Data(contentsOf: folder.appendingPathComponent(name)) == bytes, "\(name)")
    }
  }

  @Test func runsThatDifferInMoreAreCalledSo() throws {
    var fixture = try FixtureStudy()
    let first = try fixture.run(fixture.predictions(patients: 40), batchSize: 4, epochs: 1)
    let second = try fixture.run(fixture.predictions(patients: 30), batchSize: 16, epochs: 1)
    var settings = try StudyProtocol(contentsOf: second.protocolFile)
    settings.training?.learningRate = 0.5
    try AtomicFile.write(settings.yaml, to: second.protocolFile)
    let folder = fixture.study.reportsFolder.appendingPathComponent("sweep")
    try SweepReport.write([first, second], to: folder)
    let html = try String(contentsOf: folder.appendingPathComponent("sweep.html"), encoding: .utf8)
    #expect(html.contains("more than the batch size") && html.contains("not have the same folds"))
    #expect(throws: StudyError.self) { try SweepReport.write([], to: folder) }
  }
}
