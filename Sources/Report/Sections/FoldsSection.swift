import Analysis
import Evaluation
import Foundation
import Experiment
import Study

/// The result of each fold, and the spread over folds.
struct FoldsSection: RunSection {
  let id = "folds"
  let title = "Fold by fold"

  func html(_ content: RunContent, figures: URL) -> [HTML] {
    let folds = content.metrics.folds
    let tables = content.levels.map { level in Self.table(folds.map { $0[level] }, level, Metric.headline) }
    return tables + [Self.table(folds.map(\.patient), .patient, Metric.further)] + notes(folds) + [
      .remark(
        "The spread over folds is not a confidence interval: the folds' training sets overlap, and each fold holds out few patients. Each mean is over the folds in which the measure is defined."
      ),
      HTML.methods(
        Metric.all, folds.enumerated().map { ("fold \($0.offset + 1)", $0.element.patient) }),
    ]
  }

  private static func table(_ folds: [LevelMetrics], _ level: Level, _ metrics: [Metric]) -> HTML {
    var rows = folds.enumerated().map { fold, result in
      ["Fold \(fold + 1)", "\(result.n)", "\(result.positives)"] + MetricColumns.cells(result, metrics)
    }
    let spreads = metrics.map { metric in
      Spread(folds.compactMap { $0[metric].value })?.text(ofFolds: folds.count) ?? "–"
    }
    rows.append([HTML(text: "Mean (SD) of \(folds.count) folds"), "", ""] + spreads.map(HTML.init(text:)))
    return HTMLTable(
      caption: "Folds at \(level.rawValue) level, with 95% intervals: \(metrics.map(\.name).joined(separator: ", "))",
      columns: ["Fold", "n", "High grade"] + MetricColumns.headings(metrics), rows: rows
    ).html
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
