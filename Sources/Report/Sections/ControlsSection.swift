import Analysis
import Evaluation
import Foundation
import Experiment
import Study

/// Runs that must find nothing, or that show what a mistake would have printed.
struct ControlsSection: RunSection {
  let id = "controls"
  let title = "Negative controls"

  func answers(_ content: RunContent) -> Bool { content.analysis.controls.controls?.isEmpty == false }

  func html(_ content: RunContent, figures: URL) -> [HTML] {
    let analysis = content.analysis.controls
    let permutation = Self.sentence(analysis.permutation)
    guard let controls = analysis.controls else {
      return [
        .p(HTML(text: permutation)),
        .p(
          "No control was run with this run. `renalgrade controls STUDY` runs them in the same folds, as does `renalgrade crossvalidate --controls` with a new run."
        ),
      ]
    }
    guard !controls.isEmpty else {
      return [.p(HTML(text: permutation)), .p("The run's controls.json names no control.")]
    }
    let metrics = [Metric.auc, .accuracy]
    let rows: [(title: String, result: RunMetrics.Levels?)] =
      [("This run", analysis.run)] + controls.map { ($0.title, $0.result) }
    let table = HTMLTable(
      caption: "The run beside its controls, decided at the protocol's threshold",
      columns: ["Run", "Patients: AUC", "Patients: accuracy", "Slices: AUC", "Slices: accuracy"],
      rows: rows.map { row in
        [HTML(text: row.title)]
          + [Level.patient, .slice].flatMap { level in
            row.result.map { MetricColumns.cells($0[level], metrics) } ?? metrics.map { _ in "–" }
          }
      })
    return [
      .p(HTML(text: permutation)), table.html,
      HTML.methods(metrics, [("patients", analysis.run.patient), ("slices", analysis.run.slice)]),
    ]
      + controls.map { .p(HTML(text: "\($0.title): \($0.meaning) \(Self.reading($0, analysis.run))")) }
      + HTML.reasons(controls.map { ($0.title, $0.result?.patient.note) })
  }

  private static func sentence(_ test: StatedTest) -> String {
    guard let pValue = test.pValue else {
      return "Whether the probabilities know the labels can't be tested by permutation. \(test.note ?? "")"
    }
    let reading =
      pValue < 0.05
      ? "chance alone would rarely rank them as well."
      : "labels dealt out at random are ranked as well often enough, so that this is inconclusive."
    return "Were the labels dealt out among the patients at random, the AUC would be this run's or better with "
      + "\(Format.pStatement(pValue)) (1,999 permutations): \(reading)"
  }

  /// Where a control with permuted labels stands among what chance gives.
  private static func place(_ place: ControlAnalysis.Place?) -> String {
    guard let place, let auc = place.auc, let share = place.share, let pValue = place.test.pValue else {
      return "Its place among permutations cannot be told. \(place?.test.note ?? "")"
    }
    let percent = Int((100 * share).rounded())
    let start =
      "Ranked within folds, its AUC is \(Format.number(auc)): \(percent)% of 1,999 permutations of its labels within the folds "
      + "lie below it (two-sided \(Format.pStatement(pValue)))"
    guard pValue < 0.05 else { return "\(start), a place that chance gives." }
    return auc > 0.5
      ? "\(start). One in forty such controls lies as high by chance; if it stays so with another seed, something leaks."
      : "\(start). One in forty such controls lies as low by chance; a leak would have raised it."
  }

  /// What the control says of the run.
  private static func reading(_ control: ControlAnalysis.Control, _ run: RunMetrics.Levels) -> String {
    guard let result = control.result else { return control.note ?? "It has no result." }
    switch control.name {
    case ControlAnalysis.sliceLevelSplit:
      guard let leaky = result.slice[.accuracy].value, let honest = run.slice[.accuracy].value else {
        return "What a slice-level split would have printed here can't be stated."
      }
      let points = Int(((leaky - honest) * 100).rounded())
      return
        "What a slice-level split would have printed here: an accuracy of \(Format.number(leaky)) and an AUC of "
        + "\(Format.number(result.slice[.auc].value)) over slices, where the split by patients gives "
        + "\(Format.number(honest)) and \(Format.number(run.slice[.auc].value)): \(abs(points)) points of accuracy "
        + "\(points < 0 ? "less" : "more") for the same slices."
    case ControlAnalysis.shuffledLabels:
      return place(control.place)
    default:
      let (own, other) = (run.patient[.auc].value, result.patient[.auc].value)
      guard let own, let other else { return "Its AUC can't be compared with the run's." }
      return "Its AUC is \(Format.number(other)), \(Format.difference(other - own)) against the run's "
        + "\(Format.number(own))."
    }
  }
}
