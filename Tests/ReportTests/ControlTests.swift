import RunFixtures
import Analysis
import Foundation
import Experiment
import Support
import Testing

@testable import Report
@testable import Study

/// A run's controls, as another command leaves them in its folder.
@Suite struct ControlTests {
  private func writeControls(_ run: Run, _ entries: [[String: String]]) throws {
    try AtomicFile.writeJSON(entries, to: run.url.appendingPathComponent("controls.json"))
  }

  private func entry(_ name: String, _ file: String) -> [String: String] {
    ["name": name, "run": "", "title": "The \(name)", "meaning": "It means something.", "predictions": file]
  }

  private func page(_ run: Run) throws -> String {
    try RunReport.write(run)
    let html = try String(contentsOf: run.url.appendingPathComponent("report.html"), encoding: .utf8)
    try expectSound(html)
    return try #require(Markup(html).all("section").first { $0.attributes["id"] == "controls" }).text
  }

  @Test func withoutControlsThePageSaysHowToRunThem() throws {
    var fixture = try FixtureStudy()
    let run = try fixture.run(fixture.predictions(patients: 40))
    let text = try page(run)
    #expect(text.contains("has no negative controls") && text.contains("crossvalidate --controls"))
    #expect(text.contains("1,999 permutations") && text.contains("chance alone would rarely"))
  }

  @Test func aSliceLevelSplitShowsWhatItWouldHavePrinted() throws {
    var fixture = try FixtureStudy()
    let predictions = fixture.predictions(patients: 40, signal: 0.1)
    let run = try fixture.run(predictions)
    var leaky = predictions
    for index in leaky.indices {
      leaky[index].fold = index % 5
      leaky[index].probability = leaky[index].label == .high ? 0.9 : 0.1
    }
    try FileManager.default.createDirectory(
      at: run.url.appendingPathComponent("controls"), withIntermediateDirectories: true)
    try PredictionTable.write(leaky, to: run.url.appendingPathComponent("controls/sliceLevelSplit.csv"))
    try PredictionTable.write(
      fixture.predictions(patients: 40, signal: 0), to: run.url.appendingPathComponent("controls/shuffledLabels.csv"))
    try writeControls(
      run,
      [
        entry("sliceLevelSplit", "controls/sliceLevelSplit.csv"),
        entry("shuffledLabels", "controls/shuffledLabels.csv"),
      ])
    let text = try page(run)
    let content = try RunContent(run)
    let honest = try #require(content.metrics.pooled.slice[.accuracy].value)
    let points = Int(((1 - honest) * 100).rounded())
    #expect(text.contains("What a slice-level split would have reported here: an accuracy of 1.00 and an AUC of 1.00"))
    #expect(text.contains("\(points) points of accuracy more for the same slices"))
    #expect(text.contains("which is compatible with chance"))
    let controls = try #require(content.analysis.controls.controls)
    #expect(controls.map(\.name) == ["sliceLevelSplit", "shuffledLabels"])
    #expect(controls[0].result?.slice[.accuracy].value == 1)
  }

  @Test(arguments: ["controls/absent.csv", "../predictions.csv", "/etc/passwd", ""])
  func aControlThatCannotBeReadSaysSo(file: String) throws {
    var fixture = try FixtureStudy()
    let run = try fixture.run(fixture.predictions(patients: 20))
    try writeControls(run, [entry("backgroundOnly", file)])
    let text = try page(run)
    #expect(text.contains("Its predictions cannot be read."))
    #expect(try RunContent(run).analysis.controls.controls?.first?.result == nil)
  }

  @Test func damagedControlsAreAnError() throws {
    var fixture = try FixtureStudy()
    let run = try fixture.run(fixture.predictions(patients: 20))
    try AtomicFile.write("[{\"name\": 3}]", to: run.url.appendingPathComponent("controls.json"))
    let error = #expect(throws: StudyError.self) { try RunReport.write(run) }
    #expect(error?.description.contains("controls.json") == true)
  }
}
