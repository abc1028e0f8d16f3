import Cohort
import Foundation
public import Study
public import Support

/// A run's metrics, figures and report.
public enum RunReport {
  /// Writes `metrics.json`, `figures/`, `report.html`, `methods.md` and `model-card.md` into the run's folder, replacing what was
  /// there.
  ///
  /// All of it is told from the run's own folder, so that an older run's report tells what was true of that run; the same
  /// run gives the same bytes.
  ///
  /// - Parameter run: a complete run.
  /// - Returns: the metrics that were written.
  /// - Throws: `StudyError` where the run is damaged, its folder cannot be written, or gnuplot is missing or fails.
  @discardableResult
  public static func write(_ run: Run) throws(StudyError) -> RunMetrics {
    let content = try RunContent(run)
    var metrics = content.metrics
    metrics.analysis = content.analysis
    try AtomicFile.writeJSON(metrics, to: run.url.appendingPathComponent("metrics.json"))
    let page = try RunPage.page(content, figures: figuresFolder(in: run.url))
    try AtomicFile.write(page.markup, to: run.url.appendingPathComponent("report.html"))
    try AtomicFile.write(
      MethodsText(content).document.markdown, to: run.url.appendingPathComponent("methods.md"))
    try AtomicFile.write(
      ModelCard(content).document.markdown, to: run.url.appendingPathComponent("model-card.md"))
    return metrics
  }

  /// From which probability on a slice is called high grade in the run's results, by fold.
  ///
  /// - Throws: `StudyError` where the run is damaged.
  public static func sliceThresholds(of run: Run) throws(StudyError) -> [Double] {
    let evaluation = try StudyProtocol(contentsOf: run.protocolFile).evaluation
    let cases = LevelCases(try PredictionTable.read(run.predictionsFile), evaluation)
    let folds = try run.readJSON(Folds.self, from: run.foldsFile)
    return ThresholdAnalysis(cases, evaluation, foldCount: folds.heldOut.count).slice.thresholds
  }

  static func figuresFolder(in folder: URL) throws(StudyError) -> URL {
    let figures = folder.appendingPathComponent("figures")
    do {
      try FileManager.default.createDirectory(at: figures, withIntermediateDirectories: true)
    } catch {
      throw StudyError(.file, "cannot make the folder \(figures.path): \(error.localizedDescription)")
    }
    return figures
  }
}

/// Everything that a run's report tells, read from its folder.
final class RunContent {
  let run: Run
  let settings: StudyProtocol
  let protocolText: String
  let folds: Folds
  let manifest: Run.Manifest
  let epochs: [Run.Epoch]
  let predictions: [Prediction]
  /// What the study had set aside when the run was made; nil where the run has not recorded it.
  let setAside: [SetAside]?
  /// The lesions as pathology describes them; nil where the run has not recorded them.
  let lesions: [RunLesion]?
  let montage: EmbeddedPNG?
  /// The cohort's description; nil where the study selects nobody.
  let cohort: CohortDescription?
  /// What the networks look at; nil where that was not asked.
  let explanations: Run.Explanations?
  /// The choice by inner folds; nil where none was made.
  let nested: Run.NestedChoice?
  let cases: LevelCases
  let metrics: RunMetrics
  /// The controls; nil where none was run.
  let controls: [Run.Control]?
  /// What the report tells besides the result; it takes a moment, and a table of many runs does without.
  private(set) lazy var analysis = RunAnalysis(self)

  init(_ run: Run) throws(StudyError) {
    self.run = run
    settings = try StudyProtocol(contentsOf: run.protocolFile)
    protocolText = (try? String(contentsOf: run.protocolFile, encoding: .utf8)) ?? ""
    folds = try run.readJSON(Folds.self, from: run.foldsFile)
    manifest = try run.readJSON(Run.Manifest.self, from: run.manifestFile)
    epochs = try run.epochs()
    predictions = try PredictionTable.read(run.predictionsFile)
    setAside = try run.readJSONIfPresent([SetAside].self, from: run.setAsideFile)
    lesions = try run.readJSONIfPresent([RunLesion].self, from: run.lesionsFile)
    controls = try run.readJSONIfPresent([Run.Control].self, from: run.controlsFile)
    montage = (try? Data(contentsOf: run.url.appendingPathComponent("montage.png"))).flatMap(EmbeddedPNG.init)
    cohort = try CohortDescription.read(of: run)
    explanations = try run.readJSONIfPresent(Run.Explanations.self, from: run.explanationsFile)
    nested = try run.readJSONIfPresent(Run.NestedChoice.self, from: run.nestedFile)
    cases = LevelCases(predictions, settings.evaluation)
    metrics = RunMetrics(cases, settings.evaluation, foldCount: folds.heldOut.count)
  }

  /// The cases of one fold.
  func cases(ofFold fold: Int) -> LevelCases {
    LevelCases(predictions.filter { $0.fold == fold }, settings.evaluation)
  }
}
