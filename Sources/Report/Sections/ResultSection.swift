import Analysis
import Evaluation
import Foundation
import Experiment
import Study

/// The pooled result, level by level.
struct ResultSection: RunSection {
  let id = "result"
  let title = "Result"

  func html(_ content: RunContent, figures: URL) -> [HTML] {
    let pooled = content.metrics.pooled
    let patient = pooled.patient
    let cards = Metric.headline.map { metric in
      let estimate = patient[metric]
      return HTML.element(
        "div", [:], .element("dt", [:], HTML(text: Format.heading(metric.name))),
        .element(
          "dd", [:], .element("span", ["class": "value"], HTML(text: Format.number(estimate.value))),
          .element("span", ["class": "interval"], HTML(text: estimate.interval.map(Format.range) ?? "no interval"))))
    }
    let levels = content.levels
    let table = HTMLTable(
      caption: "Pooled out-of-fold result by level, with 95% intervals",
      columns: ["Level", "n", "High grade"] + MetricColumns.headings(Metric.headline),
      rows: levels.map { level in
        [HTML(text: Format.heading(level.rawValue)), "\(pooled[level].n)", "\(pooled[level].positives)"]
          + MetricColumns.cells(pooled[level], Metric.headline)
      })
    let further = HTMLTable(
      caption: "Further measures at the run's thresholds, with 95% intervals",
      columns: ["Level"] + MetricColumns.headings(Metric.further),
      rows: levels.map { [HTML(text: Format.heading($0.rawValue))] + MetricColumns.cells(pooled[$0], Metric.further) })
    let notes = levels.compactMap { level in
      pooled[level].note.map {
        HTML.element("p", ["class": "remark"], "\(Format.heading(level.rawValue)) level: \($0)")
      }
    }
    return [
      .element("p", ["class": "lead"], HTML(text: Precision.sentence(patient, of: content.model))),
      .element("dl", ["class": "cards"], cards),
      .element(
        "p", ["class": "remark"], HTML(text: "Patient level, with 95% intervals. \(Precision.oneCaseMore(patient))")),
      table.html,
    ] + notes + [
      further.html, HTML.methods(Metric.all, levels.map { ($0.plural, pooled[$0]) }),
      Coverage.remark(
        Metric.all.map { ($0.key, $0.name) }, at: levels.filter { $0 != .lesion }, patients: patient.clusters),
    ]
  }
}

/// The columns of a table of metrics.
enum MetricColumns {
  static func headings(_ metrics: [Metric]) -> [String] { metrics.map { Format.heading($0.name) } }

  static func cells(_ result: LevelMetrics, _ metrics: [Metric]) -> [HTML] {
    metrics.map { Format.cell(result[$0]) }
  }
}
