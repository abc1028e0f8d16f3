import RunFixtures
import Analysis
import Evaluation
import Foundation
import Experiment
import Support
import Testing

@testable import Report
@testable import Study

@Suite struct RunReportTests {
  func text(_ run: Run, _ name: String) throws -> String {
    try String(contentsOf: run.url.appendingPathComponent(name), encoding: .utf8)
  }

  @Test func metricsAgreeWithRecomputation() throws {
    var fixture = try FixtureStudy()
    let run = try fixture.run(fixture.predictions(patients: 40))
    let returned = try RunReport.write(run)
    let written = try run.readJSON(RunMetrics.self, from: run.url.appendingPathComponent("metrics.json"))
    #expect(written == returned)
    // Afresh from the file, by patient, without the room's own aggregation.
    let predictions = try PredictionTable.read(run.predictionsFile)
    var patients: [String: (isHigh: Bool, probabilities: [Double])] = [:]
    for row in predictions {
      let known = patients[row.patient] ?? (false, [])
      patients[row.patient] = (known.isHigh || row.label == .high, known.probabilities + [row.probability])
    }
    let scored = patients.values.map { ($0.isHigh, $0.probabilities.reduce(0, +) / Double($0.probabilities.count)) }
    let high = scored.filter(\.0).map(\.1)
    let low = scored.filter { !$0.0 }.map(\.1)
    let pairs = high.flatMap { h in low.map { l in h > l ? 1.0 : h == l ? 0.5 : 0 } }
    let auc = try #require(written.pooled.patient[.auc].value)
    #expect(abs(auc - pairs.reduce(0, +) / Double(pairs.count)) < 1e-12)
    #expect(written.pooled.patient.confusion.truePositives == high.count { $0 >= 0.5 })
    #expect(written.pooled.patient.confusion.falsePositives == low.count { $0 >= 0.5 })
    #expect(written.pooled.patient.n == 40 && written.pooled.slice.n == predictions.count)
    #expect(written.pooled.lesion.n == Set(predictions.map { [$0.patient, $0.lesion] }).count)
    #expect(written.folds.count == 5)
    #expect(written.folds.map(\.patient.n).reduce(0, +) == 40)
    #expect(written.pooled.slice[.auc].interval?.method == "Obuchowski, logit, t")
    #expect(written.headline.contains("40 patients (14 high grade)"))
    #expect(written.headline.contains(String(format: "AUC %.2f", auc)))
  }

  @Test func thePageIsSoundAndTellsWhatItMust() throws {
    var fixture = try FixtureStudy()
    let run = try fixture.run(fixture.predictions(patients: 40))
    try FixtureStudy.png.write(to: run.url.appendingPathComponent("montage.png"))
    try AtomicFile.writeJSON(
      [
        SetAside(
          stage: .contours, patientCode: "case-41", excludes: true, subject: "annotation A_7",
          reason: "the contour has two points; three are needed")
      ], to: run.setAsideFile)
    try RunReport.write(run)
    let html = try text(run, "report.html")
    try expectSound(html)
    let markup = try Markup(html)
    let page = try #require(markup.all("body").first?.text)
    for phrase in [
      "Virtual patients: the images are synthetic. They test the software and say nothing about real patients.",
      "efficientnet-lite0 was trained instead", "the contour has two points", "excluded", "case-41", "batchSize: 16",
      "9f86d081", "412 s", "95% interval", "wide",
    ] {
      #expect(page.contains(phrase), "\(phrase)")
    }
    #expect(markup.all("svg").count == 9)
    let images = markup.all("img")
    #expect(images.count == 1)
    #expect(images.first?.attributes["width"] == "700" && images.first?.attributes["height"] == "1600")
    #expect(markup.all("table").count >= 7)
  }

  @Test func figuresHaveDataAndScript() throws {
    var fixture = try FixtureStudy()
    let run = try fixture.run(fixture.predictions(patients: 40))
    try RunReport.write(run)
    for name in ["roc", "training", "confusion-slice", "confusion-lesion", "confusion-patient"] {
      for suffix in ["csv", "gp", "svg"] { #expect(try text(run, "figures/\(name).\(suffix)").count > 50, "\(name)") }
      #expect(!(try text(run, "figures/\(name).gp")).contains(run.url.path))
    }
    let picture = try Markup(try text(run, "figures/confusion-patient.svg"))
    #expect(picture.all("title").first?.text == "Confusion matrix, patients")
    #expect(picture.all("desc").first?.text.contains("low-grade patients") == true)
    // The plotted points are those of the curve.
    let predictions = try PredictionTable.read(run.predictionsFile)
    let curve = try #require(ROCCurve(LevelCases(predictions, RunContent(run).settings.evaluation).patient))
    let table = try DelimitedTable(contentsOf: run.url.appendingPathComponent("figures/roc.csv"))
    let rows = table.rows.filter { $0.cells["curve"] == "patient" }
    #expect(rows.map { Double($0.cells["falsePositiveRate"] ?? "") } == curve.points.map(\.falsePositiveRate))
    #expect(rows.map { Double($0.cells["truePositiveRate"] ?? "") } == curve.points.map(\.truePositiveRate))
    #expect(Set(table.rows.compactMap { $0.cells["curve"] }).isSuperset(of: ["slice", "lesion", "fold 1", "fold 5"]))
    let counts = try DelimitedTable(contentsOf: run.url.appendingPathComponent("figures/confusion-patient.csv"))
    #expect(counts.rows.compactMap { Int($0.cells["count"] ?? "") }.reduce(0, +) == 40)
    let losses = try DelimitedTable(contentsOf: run.url.appendingPathComponent("figures/training.csv"))
    #expect(losses.rows.count == 6 * 8)
  }

  @Test func whatIsWrittenIntoAPageIsEscaped() throws {
    var fixture = try FixtureStudy()
    let predictions = fixture.predictions(patients: 20) { "<script>alert('\($0)')</script>&\"" }
    var manifest = Run.Manifest(notes: ["a < b & c\u{0}"])
    manifest.program = "<img src=x>"
    let run = try fixture.run(predictions, manifest: manifest)
    try RunReport.write(run)
    let html = try text(run, "report.html")
    try expectSound(html)
    #expect(html.contains("&lt;script&gt;alert(&#39;0&#39;)"))
    #expect(!html.contains("Virtual patients"))
  }

  @Test func oneClassInAFoldIsASentence() throws {
    var fixture = try FixtureStudy()
    var predictions = fixture.predictions(patients: 30)
    for index in predictions.indices where predictions[index].fold == 2 { predictions[index].label = .low }
    let run = try fixture.run(predictions)
    let metrics = try RunReport.write(run)
    #expect(metrics.folds[2].patient[.auc].value == nil)
    let html = try text(run, "report.html")
    try expectSound(html)
    #expect(html.contains("Fold 3, patients: One class only: there is no positive case"))
  }

  @Test func onePatientNoLogAndNoNumberStillMakeAReport() throws {
    var fixture = try FixtureStudy()
    var predictions = [
      Prediction(patient: "case-01", lesion: "L1", slice: "1.2", fold: 0, label: .high, probability: 0.7),
      Prediction(patient: "case-01", lesion: "L1", slice: "1.3", fold: 0, label: .high, probability: 0.2),
    ]
    let run = try fixture.run(predictions, epochs: 0)
    let metrics = try RunReport.write(run)
    #expect(
      metrics.pooled.patient.n == 1 && metrics.pooled.patient[.auc].value == nil && metrics.folds[4].patient.n == 0)
    let html = try text(run, "report.html")
    try expectSound(html)
    #expect(html.contains("No ROC curve can be drawn") && html.contains("No training curves"))
    let json = try text(run, "metrics.json")
    #expect(json.contains("\"auc\" : null") && json.contains("There are no cases."))

    predictions[1].probability = .nan
    let second = try fixture.run(predictions, epochs: 1)
    try RunReport.write(second)
    try expectSound(try text(second, "report.html"))
    #expect(try text(second, "report.html").contains("1 case is excluded: the probability is not a number."))
  }

  @Test func theSameRunGivesTheSameBytes() throws {
    var fixture = try FixtureStudy()
    let run = try fixture.run(fixture.predictions(patients: 40))
    try FixtureStudy.png.write(to: run.url.appendingPathComponent("montage.png"))
    let names = ["report.html", "metrics.json"] + ["roc", "training", "confusion-slice"].map { "figures/\($0).svg" }
    try RunReport.write(run)
    let first = try names.map { try Data(contentsOf: run.url.appendingPathComponent($0)) }
    for name in ["report.html", "metrics.json", "figures"] {
      try FileManager.default.removeItem(at: run.url.appendingPathComponent(name))
    }
    try RunReport.write(run)
    for (name, bytes) in zip(names, first) {
      #expect(try Data(contentsOf: run.url.appendingPathComponent(name)) == bytes, "\(name)")
    }
  }

  @Test func aFolderThatCannotBeWrittenIsACleanError() throws {
    var fixture = try FixtureStudy()
    let run = try fixture.run(fixture.predictions(patients: 20))
    // A file where the folder should be stops root too, whom permissions do not.
    try Data().write(to: run.url.appendingPathComponent("figures"))
    let error = #expect(throws: StudyError.self) { try RunReport.write(run) }
    #expect(error?.kind == .file)
    #expect(error?.description.contains("figures") == true)
    try FileManager.default.removeItem(at: run.url)
    #expect(throws: StudyError.self) { try RunReport.write(run) }
  }

  @Test func aMissingGnuplotSaysWhatToInstall() throws {
    var fixture = try FixtureStudy()
    let run = try fixture.run(fixture.predictions(patients: 20))
    let error = #expect(throws: StudyError.self) { try Gnuplot.run("roc.gp", in: run.url, path: "/nowhere") }
    #expect(error?.description.contains("gnuplot-nox") == true)
    try "plot 'absent.csv'".write(to: run.url.appendingPathComponent("bad.gp"), atomically: true, encoding: .utf8)
    let failed = #expect(throws: StudyError.self) { try Gnuplot.run("bad.gp", in: run.url) }
    #expect(failed?.description.contains("absent.csv") == true)
  }
}
