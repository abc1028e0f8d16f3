public import Analysis
import Foundation
public import Experiment
import Study
public import Support

/// A run's metrics, figures and report.
public enum RunReport {
  /// Writes `metrics.json`, `figures/`, `report.html`, `methods.md` and `model-card.md` into the run's folder, replacing what was
  /// there.
  ///
  /// Everything comes from the run's own folder, so an older run's report states what was true of that run; the same
  /// run gives the same bytes.
  ///
  /// - Parameter run: a complete run.
  /// - Returns: the metrics that were written.
  /// - Throws: `StudyError` where the run is damaged, its folder cannot be written, or gnuplot is missing or fails.
  @discardableResult
  public static func write(_ run: Run) throws(StudyError) -> RunMetrics {
    let content = try RunContent(run)
    let metrics = content.wholeMetrics
    try AtomicFile.writeJSON(metrics, to: run.url.appendingPathComponent("metrics.json"))
    let page = try RunPage.page(content, figures: figuresFolder(in: run.url))
    try AtomicFile.write(page.markup, to: run.url.appendingPathComponent("report.html"))
    try AtomicFile.write(
      MethodsText(content).document.markdown, to: run.url.appendingPathComponent("methods.md"))
    try AtomicFile.write(
      ModelCard(content).document.markdown, to: run.url.appendingPathComponent("model-card.md"))
    return metrics
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
