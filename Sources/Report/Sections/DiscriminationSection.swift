import Analysis
import Evaluation
import Foundation
import Experiment
import Study
import Support

/// The AUC independent of the folds' scales, and the precision-recall curve.
struct DiscriminationSection: RunSection {
  let id = "discrimination"
  let title = "Ranking within folds, and precision-recall"

  func answers(_ content: RunContent) -> Bool {
    content.analysis.areas.contains { $0.averagePrecision.value != nil }
  }

  func html(_ content: RunContent, figures: URL) throws(StudyError) -> [HTML] {
    let areas = content.analysis.areas
    let table = HTMLTable(
      caption: "Pooled AUC, AUC of ranks within folds, and average precision, with 95% intervals",
      columns: ["Level", "AUC", "AUC within folds", "Average precision", "Share of high grade"],
      rows: areas.map { area in
        [
          HTML(text: Format.heading(area.level.plural)), Format.cell(content.metrics.pooled[area.level][.auc]),
          Format.cell(area.withinFolds), Format.cell(area.averagePrecision),
          HTML(text: Format.number(area.positiveShare)),
        ]
      })
    let reasons = HTML.reasons(
      areas.flatMap { area in
        [
          ("AUC within folds, \(area.level.plural)", area.withinFolds.note),
          ("average precision, \(area.level.plural)", area.averagePrecision.note),
        ]
      })
    let curve = try Figure.precisionRecall(content.cases, areas)?.draw(in: figures).besideCaption
    return [
      .p(
        HTML(
          text: "Each fold's \(content.model) has its own scale. Within folds, each case is scored by its rank in "
            + "its fold, which does not depend on the scale; where this AUC is far above the pooled one, the scales "
            + "differ. If nothing has been learnt, the pooled AUC is below 0.5 on average, and the AUC within folds "
            + "is 0.5.")),
      table.html,
      Coverage.remark(
        [("auc", "AUC"), ("averagePrecision", "average precision")], at: content.levels.filter { $0 != .lesion },
        patients: content.metrics.pooled.patient.clusters),
    ] + reasons + [
      curve
        ?? .p("No precision-recall curve can be drawn: at every level the predictions contain only one class.")
    ]
  }
}
