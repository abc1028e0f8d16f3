import Analysis
import Evaluation
import Foundation
import Experiment
import Study

/// How precise the result is with this number of patients, and how many patients greater precision needs.
struct PrecisionSection: RunSection {
  let id = "precision"
  let title = "Precision and sample size"

  func answers(_ content: RunContent) -> Bool { content.analysis.precision.rows.contains { $0.width.value != nil } }

  func html(_ content: RunContent, figures: URL) -> [HTML] {
    let plan = content.analysis.precision
    let patient = content.metrics.pooled.patient
    let table = HTMLTable(
      caption: "Widths of the 95% intervals, and patients needed for narrower ones",
      columns: ["Measure", "Value", "Width now"] + PrecisionPlan.widths.map { "Width \(Format.number($0))" },
      rows: plan.rows.map { row in
        [
          HTML(text: Format.heading(row.measure)), HTML(text: Format.number(row.value)),
          HTML(text: Format.number(row.width.value)),
        ] + row.needs.map { need in HTML(text: need.patients.map { "\($0) (\(need.positives ?? 0) high)" } ?? "–") }
      })
    let who = "\(Format.count(patient.n, "patient")), \(patient.positives) of high grade"
    let wide = plan.rows.first?.width.value.map {
      "An AUC of \(Format.number(plan.rows.first?.value)) in \(who), has an interval of width \(Format.number($0))."
    }
    return [
      .p(
        HTML(
          text: wide ?? "With \(who), the width of the AUC's interval cannot be stated. "
            + (plan.rows.first?.width.note ?? ""))), table.html,
    ]
      + HTML.reasons(
        plan.rows.flatMap { row in
          [("width of the \(row.measure)", row.width.note)]
            + row.needs.map { ("patients for the \(row.measure)", $0.note) }
        }.reduce(into: []) { kept, entry in
          if !kept.contains(where: { $0.0 == entry.0 && $0.1 == entry.1 }) { kept.append(entry) }
        })
      + [
        .remark(
          "For another study with the same value and the same share of high grade: AUC by Hanley and McNeil's standard error, sensitivity and specificity by Wilson's interval. More slices do not replace patients."
        )
      ]
  }
}
