import RunFixtures
import Cohort
import Foundation
import Support
import TestSupport
import Experiment
import Testing

@testable import Report
@testable import Study

/// The report as a browser lays it out, offline.
@Suite(.serialized, .enabled(if: Chromium.program() != nil, "needs Chromium: scripts/setup --tests"))
struct BrowserTests {
  /// A report with all that a report can hold: long codes, a montage higher than a page, a list of what was set aside.
  func report() throws -> (fixture: FixtureStudy, run: Run) {
    var fixture = try FixtureStudy()
    let predictions = fixture.predictions(patients: 40)
    let run = try fixture.run(predictions, lesions: fixture.lesions(predictions)) { settings in
      settings.subgroups = [.init(column: "sizeMM", name: "Tumour size", cuts: [40, 70]), .init(column: "sex")]
      settings.baselines = .init(size: "sizeMM", clinical: ["sizeMM", "sex", "age"])
      settings.evaluation.thresholdRule = .youden
    }
    try FixtureStudy.svg.write(to: run.montageFile)
    let series = "series 1.2.826.0.1.3680043.8.498.\(String(repeating: "7", count: 32))"
    try AtomicFile.writeJSON(
      [
        SetAside(
          stage: .dicom, source: "/scans", patientCode: "case-41", excludes: true, subject: series, reason: "tilted")
      ], to: run.setAsideFile)
    try AtomicFile.writeJSON(CohortFixture.description(patients: 40), to: run.cohortFile)
    try FixtureStudy.png.write(to: run.url.appendingPathComponent("gallery.png"))
    try AtomicFile.write(
      ExplanationsTests.json(image: "gallery.png"), to: run.url.appendingPathComponent("explanations.json"))
    _ = try run.part("controls")
    let controls = try ["shuffledLabels", "sliceLevelSplit", "backgroundOnly", "roiJitter"].map { name in
      let file = "controls/\(name).csv"
      try PredictionTable.write(
        fixture.predictions(patients: 40, signal: 0), to: run.url.appendingPathComponent(file))
      return Run.Control(
        name: name, run: "\(run.id)/controls/\(name)", title: "ROI jitter of up to 16 pixels (\(name))",
        meaning: "What was done, in a sentence.", predictions: file)
    }
    try AtomicFile.writeJSON(controls, to: run.controlsFile)
    let variants =
      [4, 16, 64].map { Run.NestedChoice.Variant(batchSize: $0) }
      + [.init(protocolName: "densenet-of-another-kind", batchSize: 16)]
    let choices = (0..<5).map { fold in
      Run.NestedChoice.Choice(
        fold: fold, variant: variants[fold % 4], inner: variants.map { .init(variant: $0, auc: 0.7) })
    }
    try AtomicFile.writeJSON(
      Run.NestedChoice(
        criterion: "patient-level AUC", innerFolds: 5, choices: choices, auc: 0.71,
        sweepBest: .init(variant: variants[3], auc: 0.78)),
      to: run.nestedFile)
    try RunReport.write(run)
    return (fixture, run)
  }

  /// What every page must be as a browser shows it.
  private func expectSound(_ view: Browser.View, width: Int) {
    #expect(view.width == width)
    #expect(view.widest <= width && view.tooWide == [], "wider than the window: \(view.tooWide)")
    #expect(view.clipped == [], "text that is cut: \(view.clipped)")
    #expect(view.faint == [], "text of too little contrast: \(view.faint)")
    #expect(view.emptyFigures == [], "figures without a drawing: \(view.emptyFigures)")
    #expect(view.requests.allSatisfy { $0.hasPrefix("data:") }, "\(view.requests)")
    #expect(view.brokenImages == 0)
    #expect(view.console == [])
  }

  @Test(arguments: [1280, 390])
  func itRendersOfflineWithinTheWindow(_ width: Int) throws {
    let (fixture, run) = try report()
    let browser = try Browser()
    let view = try browser.view(run.url.appendingPathComponent("report.html"), width: width)
    #expect(view.headline == (try StudyProtocol(contentsOf: run.protocolFile)).title)
    #expect(view.text.contains("Research use only") && view.text.contains("case-41"))
    for words in ["Tumour size", "Clinical variables alone", "shuffledLabels", "densenet-of-another-kind", "Youden"] {
      #expect(view.text.contains(words), "\(words)")
    }
    expectSound(view, width: width)
    #expect(view.figures >= 7)
    let picture = try #require(EmbeddedPicture(view.screenshot))
    #expect(picture.size.width == width)
    // A blank page of this size takes a tenth of it.
    #expect(picture.data.count > 20_000)
    withExtendedLifetime(fixture) {}
  }

  @Test(arguments: [1280, 390])
  func comparisonAndSweepFitTheWindowToo(_ width: Int) throws {
    var fixture = try FixtureStudy()
    let runs = try [4, 16, 64].map { try fixture.run(fixture.predictions(patients: 40), batchSize: $0) }
    let folder = runs[0].url.appendingPathComponent("pages")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try CompareReport.write(runs, margin: 0.05, to: folder)
    try SweepReport.write(runs, to: folder)
    let browser = try Browser()
    for (name, words) in [("compare", "Corrected p"), ("sweep", "Table 5")] {
      let view = try browser.view(folder.appendingPathComponent("\(name).html"), width: width)
      #expect(view.text.localizedCaseInsensitiveContains(words) || width < 500)
      #expect(view.figures >= 1)
      expectSound(view, width: width)
    }
  }

  /// The checks above can fail: this page breaks each of them.
  @Test func aBadPageIsSeenToBeOne() throws {
    let folder = try TemporaryFolder()
    let page = folder.url.appendingPathComponent("bad.html")
    try """
    <!DOCTYPE html><html><body><h1>Bad</h1><p style="width: 900px">wide</p><img src="https://example.org/a.png"/>
    <div style="width: 40px; overflow: hidden; white-space: nowrap">cut at its right end</div>
    <p style="color: #aaaaaa">faint</p><svg width="50" height="20"><title>empty</title></svg>
    <svg width="200" height="40"><title>beyond</title><rect width="9" height="9"/><text x="190" y="20">label</text></svg>
    <script>console.error("wrong")</script></body></html>
    """.write(to: page, atomically: true, encoding: .utf8)
    let view = try Browser().view(page, width: 390)
    #expect(view.widest > 390 && view.tooWide.contains { $0.hasPrefix("P") })
    #expect(view.requests == ["https://example.org/a.png"])
    #expect(view.brokenImages == 1)
    #expect(view.clipped.count == 2 && view.clipped.contains { $0.hasPrefix("DIV") }, "\(view.clipped)")
    #expect(view.faint.count == 1 && view.faint.first?.hasPrefix("P") == true, "\(view.faint)")
    #expect(view.figures == 2 && view.emptyFigures == ["empty"])
    #expect(view.console.contains { $0.contains("wrong") })
  }

  @Test func itPrintsWithItsPictures() throws {
    let (fixture, run) = try report()
    let file = try RunReport.writePDF(of: run)
    #expect(file.lastPathComponent == "report.pdf")
    let pdf = try Data(contentsOf: file)
    let text = String(decoding: pdf, as: Unicode.ASCII.self)
    #expect(text.hasPrefix("%PDF"))
    #expect(text.contains("/Subtype /Image"))
    // Links within the page lead somewhere in print, too.
    #expect(text.contains("/Subtype /Link"))
    let pages = text.matches(of: /\/Type \/Page\b/).count
    #expect((6...50).contains(pages), "\(pages) pages")
    try RunReport.writePDF(of: run)
    #expect(try Data(contentsOf: file) == pdf)
    withExtendedLifetime(fixture) {}
  }
}
