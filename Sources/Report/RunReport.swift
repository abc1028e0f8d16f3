import Foundation
public import Study

/// A run's metrics, figures and report.
public enum RunReport {
  /// Writes `metrics.json`, `figures/` and `report.html` into the run's folder, replacing what was there.
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
    try AtomicFile.writeJSON(content.metrics, to: run.url.appendingPathComponent("metrics.json"))
    let page = try RunPage.page(content, figures: figuresFolder(in: run.url))
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

/// Everything that a run's report tells, read from its folder.
struct RunContent {
  let run: Run
  let settings: StudyProtocol
  let protocolText: String
  let folds: Folds
  let manifest: Run.Manifest
  let epochs: [Run.Epoch]
  let predictions: [Prediction]
  /// What the study had set aside when the run was made; nil where the run has not recorded it.
  let setAside: [SetAside]?
  let montage: EmbeddedPNG?
  let cases: LevelCases
  let metrics: RunMetrics

  init(_ run: Run) throws(StudyError) {
    self.run = run
    settings = try StudyProtocol(contentsOf: run.protocolFile)
    protocolText = (try? String(contentsOf: run.protocolFile, encoding: .utf8)) ?? ""
    folds = try run.readJSON(Folds.self, from: run.foldsFile)
    manifest = try run.readJSON(Run.Manifest.self, from: run.manifestFile)
    epochs = try run.epochs()
    predictions = try PredictionTable.read(run.predictionsFile)
    let isRecorded = FileManager.default.fileExists(atPath: run.setAsideFile.path)
    setAside = isRecorded ? try run.readJSON([SetAside].self, from: run.setAsideFile) : nil
    montage = (try? Data(contentsOf: run.url.appendingPathComponent("montage.png"))).flatMap(EmbeddedPNG.init)
    cases = LevelCases(predictions, settings.evaluation.aggregation)
    metrics = RunMetrics(
      predictions: predictions, evaluation: settings.evaluation, foldCount: folds.heldOut.count)
  }

  /// The cases of one fold.
  func cases(ofFold fold: Int) -> LevelCases {
    LevelCases(predictions.filter { $0.fold == fold }, settings.evaluation.aggregation)
  }
}
