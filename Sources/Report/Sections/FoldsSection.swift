import Evaluation
import Foundation
import Study

/// The result of each fold, and how the folds spread.
struct FoldsSection: RunSection {
  let id = "folds"
  let title = "Fold by fold"

  func html(_ content: RunContent, figures: URL) -> [HTML] {
    [Level.patient, .slice].map { level in
      let folds = content.metrics.folds.map { $0[level] }
      var rows = folds.enumerated().map { fold, metrics in
        ["Fold \(fold + 1)", "\(metrics.n)", "\(metrics.positives)"] + MetricColumns.cells(metrics, Metric.headline)
      }
      let spreads = Metric.headline.map { metric in Spread(folds.compactMap { $0[metric].value })?.text ?? "–" }
      rows.append(["Mean (SD)", "", ""] + spreads.map(HTML.init(text:)))
      return HTMLTable(
        caption: "Folds at \(level.rawValue) level, with 95% intervals",
        columns: ["Fold", "n", "High grade"] + MetricColumns.headings(Metric.headline), rows: rows
      ).html
    } + notes(content.metrics.folds) + [
      .element(
        "p", ["class": "remark"],
        "The spread over folds is not a confidence interval: the folds' training sets overlap, and each fold holds few patients."
      )
    ]
  }

  /// What the folds' notes say, each once, with the folds that it is true of.
  private func notes(_ folds: [RunMetrics.Levels]) -> [HTML] {
    var order: [String] = []
    var places: [String: [Int]] = [:]
    for (fold, levels) in folds.enumerated() {
      guard let note = levels.patient.note else { continue }
      if places[note] == nil { order.append(note) }
      places[note, default: []].append(fold + 1)
    }
    return order.map { note in
      let folds = places[note] ?? []
      let names = folds.map(String.init).joined(separator: ", ")
      return .element("p", ["class": "remark"], "Fold\(folds.count == 1 ? "" : "s") \(names), patients: \(note)")
    }
  }
}
