public import Foundation
public import Study

/// A run's metrics, figures and report.
public enum RunReport {
  /// Writes `metrics.json`, `figures/` and `report.html` into the run's folder, replacing what was there.
  ///
  /// - Parameters:
  ///   - run: a complete run.
  ///   - study: the study that it belongs to.
  ///   - montage: a PNG of what the network saw; nil takes `montage.png` of the run's folder, if it is there.
  /// - Returns: the metrics that were written.
  /// - Throws: `StudyError` where the run is damaged, its folder cannot be written, or gnuplot is missing or fails.
  @discardableResult
  public static func write(_ run: Run, of study: StudyFolder, montage: URL? = nil) throws(StudyError) -> RunMetrics {
    let content = try RunContent(run, of: study, montage: montage)
    try AtomicFile.writeJSON(content.metrics, to: run.url.appendingPathComponent("metrics.json"))
    let figures = try RunFigures(content, in: figuresFolder(in: run.url))
    let page = RunPage(content: content, figures: figures).page
    try AtomicFile.write(page.markup, to: run.url.appendingPathComponent("report.html"))
    return content.metrics
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

/// Everything that a run's report tells, read from its folder and its study.
struct RunContent {
  let run: Run
  let settings: StudyProtocol
  let protocolText: String
  let folds: Folds
  let manifest: Run.Manifest
  let epochs: [Run.Epoch]
  let predictions: [Prediction]
  let setAside: [SetAside]
  let montage: Data?
  let cases: LevelCases
  let metrics: RunMetrics

  init(_ run: Run, of study: StudyFolder, montage: URL? = nil) throws(StudyError) {
    self.run = run
    settings = try StudyProtocol(contentsOf: run.protocolFile)
    protocolText = (try? String(contentsOf: run.protocolFile, encoding: .utf8)) ?? ""
    folds = try run.readJSON(Folds.self, from: run.foldsFile)
    manifest = try run.readJSON(Run.Manifest.self, from: run.manifestFile)
    epochs = try run.epochs()
    predictions = try PredictionTable.read(run.predictionsFile)
    setAside = try study.setAside()
    self.montage = try? Data(contentsOf: montage ?? run.url.appendingPathComponent("montage.png"))
    cases = LevelCases(predictions, settings.evaluation.aggregation)
    metrics = RunMetrics(
      predictions: predictions, evaluation: settings.evaluation, foldCount: folds.heldOut.count)
  }

  /// The cases of one fold.
  func cases(ofFold fold: Int) -> LevelCases {
    LevelCases(predictions.filter { $0.fold == fold }, settings.evaluation.aggregation)
  }
}
