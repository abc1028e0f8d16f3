import Analysis
import Evaluation
import Foundation
import Experiment
import Study
import Support

/// The area under the curve by each method, and precision against recall.
struct DiscriminationSection: RunSection {
  let id = "discrimination"
  let title = "AUC by each method, and precision-recall"

  func answers(_ content: RunContent) -> Bool {
    content.analysis.areas.contains { $0.bootstrap.value != nil || $0.deLong.value != nil }
  }

  func html(_ content: RunContent, figures: URL) throws(StudyError) -> [HTML] {
    let areas = content.analysis.areas
    let table = HTMLTable(
      caption: "AUC with its 95% interval by each method, and average precision",
      columns: [
        "Level", "DeLong", "Bootstrap", "Obuchowski", "Average precision", "Share of high grade",
      ],
      rows: areas.map { area in
        [
          HTML(text: Format.heading(area.level.plural)), Format.cell(area.deLong), Format.cell(area.bootstrap),
          Format.cell(area.obuchowski), Format.cell(area.averagePrecision),
          HTML(text: Format.number(area.positiveShare)),
        ]
      })
    let reasons = HTML.reasons(
      areas.flatMap { area in
        [
          ("DeLong, \(area.level.plural)", area.deLong.note), ("bootstrap, \(area.level.plural)", area.bootstrap.note),
          ("Obuchowski, \(area.level.plural)", area.obuchowski.note),
          ("average precision, \(area.level.plural)", area.averagePrecision.note),
        ]
      })
    let curve = try Figure.precisionRecall(content.cases, areas)?.draw(in: figures).besideCaption
    return [
      .p(
        "DeLong's method takes cases as independent, so it is for patients alone; the others count what slices and lesions of one patient share. Where they agree, the interval does not hang on the method."
      ),
      table.html,
    ] + reasons + [
      curve
        ?? .p("No precision-recall curve can be drawn: at every level the predictions hold one class only.")
    ]
  }
}
