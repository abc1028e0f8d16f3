import Analysis
import Foundation
import Experiment
import Study

/// What produced the run.
struct ProvenanceSection: RunSection {
  let id = "provenance"
  let title = "Provenance"

  func html(_ content: RunContent, figures: URL) -> [HTML] {
    guard !content.manifest.facts.isEmpty else { return [.p("The run's manifest states no facts.")] }
    return [
      HTMLTable(
        caption: "What produced this run", columns: ["Fact", "Value"],
        rows: content.manifest.facts.map { [HTML(text: $0.name), HTML(text: $0.value)] }, isNumeric: false
      ).html,
      .p(
        "Each figure is in the run's folder figures as SVG, PDF and PNG, with its data (CSV) and the script that drew it. Every estimate on this page is in metrics.json, and every prediction is in predictions.csv."
      ),
    ]
  }
}
