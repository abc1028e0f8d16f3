import Analysis
import Evaluation
import Foundation
import Experiment
import Study

/// The model compared with baselines that need no image.
struct BaselinesSection: RunSection {
  let id = "baselines"
  let title = "Comparison with simple baselines"

  func answers(_ content: RunContent) -> Bool {
    content.analysis.baselines.rivals.contains { $0.auc.value != nil }
  }

  func html(_ content: RunContent, figures: URL) -> [HTML] {
    let baselines = content.analysis.baselines
    let metrics = [Metric.sensitivity, .specificity, .accuracy]
    let majority = HTMLTable(
      caption: "Assigning each patient the more frequent class of the other folds",
      columns: ["Classifier", "n"] + MetricColumns.headings(metrics),
      rows: [("Majority class", baselines.majority), (Format.heading(content.model), content.metrics.pooled.patient)]
        .map { name, result in
          [HTML(text: name), "\(result.n)"] + MetricColumns.cells(result, metrics)
        })
    let start = [
      majority.html, .remark("The majority class does not rank patients: its AUC is 0.5."),
      HTML.methods(metrics, [("majority class", baselines.majority), (content.model, content.metrics.pooled.patient)]),
    ]
    let note = baselines.note.map { [HTML.p(HTML(text: $0))] } ?? []
    guard !baselines.rivals.isEmpty else { return start + note }
    let table = HTMLTable(
      caption: "Baselines and the \(content.model) at patient level, on the same patients",
      columns: [
        "Baseline", "Ranking", "Patients", "Its AUC", "\(Format.heading(content.model))'s AUC", "Difference", "p",
      ],
      rows: baselines.rivals.map { rival in
        [
          HTML(text: rival.name), rival.method == .asItStands ? "as it stands" : "within folds", "\(rival.patients)",
          Format.cell(rival.auc), Format.cell(rival.network), Format.cell(rival.difference),
          HTML(text: Format.pValue(rival.pValue)),
        ]
      }, leadingColumns: 2)
    return start + [table.html]
      + baselines.rivals.map { .p(HTML(text: Self.sentence($0, content))) } + note
      + HTML.reasons(
        baselines.rivals.flatMap {
          [
            ("AUC of \(Self.lower($0.name))", $0.auc.note),
            ("the \(content.model) on the same patients", $0.network.note),
            ("difference from \(Self.lower($0.name))", $0.difference.note),
          ]
        })
      + [
        .remark(
          "A single variable is ranked as it stands, in a direction stated beforehand: a larger tumour stands for high grade. Several variables are combined by logistic regression in each of the run's own folds, standardised, with a ridge penalty of 1. Each fold's regression has its own scale, so both sides are then ranked within the folds, and the \(content.model)'s AUC here is not the pooled one. Where no variable is related to the grade, both rankings give a mean AUC of 0.50 in simulated cohorts of 10 to 150 patients; pooled probabilities give 0.43 to 0.49. For a patient with several lesions, the largest number is used. Difference: DeLong, paired."
        ),
        Coverage.remark(
          [("auc", "AUC"), ("aucDifference", "difference of AUCs")],
          patients: content.metrics.pooled.patient.clusters),
      ]
  }

  private static func lower(_ name: String) -> String { name.prefix(1).lowercased() + name.dropFirst() }

  private static func sentence(_ rival: BaselineAnalysis.Rival, _ content: RunContent) -> String {
    let model = content.model
    let isOutline = rival.columns == [RunLesion.extentColumn]
    let columns =
      isOutline ? "the largest extent of its outline on a slice, in mm" : rival.columns.joined(separator: ", ")
    let margin = Format.number(BaselineAnalysis.Rival.margin)
    let verdict =
      switch rival.verdict {
      case .superior: "The \(model) performs better: the whole interval of the difference lies above 0."
      case .nonInferior:
        "The \(model) is not shown to perform better, but it is worse by no more than \(margin): the whole interval "
          + "of the difference lies above that loss."
      case .inferior: "The \(model) performs worse: the whole interval of the difference lies below 0."
      case .inconclusive:
        "Inconclusive: the interval of the difference includes both a gain and a loss of more than \(margin), or "
          + "the test does not confirm the difference."
      case nil: "Whether the \(model) performs better cannot be determined."
      }
    let reversed =
      rival.auc.interval.map { $0.upper < 0.5 } == true
      ? " The baseline's own ranking is reversed: its interval lies below 0.5." : ""
    let missing =
      rival.leftOut > 0
      ? " \(Format.count(rival.leftOut, "patient")) without a value or a probability "
        + "\(rival.leftOut == 1 ? "is" : "are") excluded from both sides."
      : " No patient lacks a value."
    return "\(rival.name) (\(columns)): \(verdict)\(reversed)\(missing)"
  }
}
