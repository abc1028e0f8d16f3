import Analysis
import Evaluation
import Foundation
import Experiment
import Study

/// What the model has to beat.
struct BaselinesSection: RunSection {
  let id = "baselines"
  let title = "Does it beat the baselines?"

  func answers(_ content: RunContent) -> Bool {
    content.analysis.baselines.rivals.contains { $0.auc.value != nil }
  }

  func html(_ content: RunContent, figures: URL) -> [HTML] {
    let baselines = content.analysis.baselines
    let metrics = [Metric.sensitivity, .specificity, .accuracy]
    let majority = HTMLTable(
      caption: "Calling each patient by the more frequent class of the other folds",
      columns: ["Caller", "n"] + MetricColumns.headings(metrics),
      rows: [("Majority class", baselines.majority), (Format.heading(content.model), content.metrics.pooled.patient)]
        .map { name, result in
          [HTML(text: name), "\(result.n)"] + MetricColumns.cells(result, metrics)
        })
    let start = [
      majority.html, .remark("The majority class ranks nobody: its AUC is 0.5."),
      HTML.methods(metrics, [("majority class", baselines.majority), (content.model, content.metrics.pooled.patient)]),
    ]
    let note = baselines.note.map { [HTML.p(HTML(text: $0))] } ?? []
    guard !baselines.rivals.isEmpty else { return start + note }
    let table = HTMLTable(
      caption: "Baselines at patient level, beside the \(content.model) on the same patients",
      columns: ["Baseline", "Patients", "Its AUC", "\(Format.heading(content.model))'s AUC", "Difference", "p"],
      rows: baselines.rivals.map { rival in
        [
          HTML(text: rival.name), "\(rival.patients)", Format.cell(rival.auc), Format.cell(rival.network),
          Format.cell(rival.difference), HTML(text: Format.pValue(rival.pValue)),
        ]
      })
    return start + [table.html]
      + baselines.rivals.map { .p(HTML(text: Self.sentence($0, content))) } + note
      + HTML.reasons(
        baselines.rivals.flatMap {
          [
            ("AUC of \(Self.lower($0.name))", $0.auc.note), ("the \(content.model) beside it", $0.network.note),
            ("difference from \(Self.lower($0.name))", $0.difference.note),
          ]
        })
      + [
        .remark(
          "Logistic regression in the run's own folds, standardised, with a ridge penalty of 1; a patient with several lesions counts with the largest number. AUC: DeLong (Newcombe where that has no width); difference: DeLong, paired."
        )
      ]
  }

  private static func lower(_ name: String) -> String { name.prefix(1).lowercased() + name.dropFirst() }

  private static func sentence(_ rival: BaselineAnalysis.Rival, _ content: RunContent) -> String {
    let model = content.model
    let use = content.hasSlices ? "nothing that the image was needed for" : "no use of its own"
    let columns = rival.columns.joined(separator: ", ")
    let isOutline = rival.columns == [RunLesion.extentColumn]
    let what = "\(rival.name) (\(isOutline ? "the largest extent of its outline on a slice, in mm" : columns))"
    let margin = Format.number(BaselineAnalysis.Rival.margin)
    let verdict =
      switch rival.verdict {
      case .superior: "The \(model) beats it: the whole interval of the difference lies above 0."
      case .nonInferior:
        "The \(model) does not beat it, though it is shown to be no worse by more than \(margin): a \(model) that does not "
          + "beat this has shown \(use)."
      case .inferior: "The \(model) is worse than it: it has shown \(use)."
      case .unclear:
        "The difference may be either way: a \(model) that is not shown to beat this has shown \(use)."
      case nil: "Whether the \(model) beats it can't be said."
      }
    let missing =
      rival.leftOut > 0
      ? " \(Format.count(rival.leftOut, "patient")) without a value or a probability "
        + "\(rival.leftOut == 1 ? "is" : "are") left out, on both sides."
      : " No patient lacks a value."
    return "\(what): \(verdict)\(missing)"
  }
}
