import Analysis
import Evaluation
import Foundation
import Experiment
import Study

/// Runs that should find nothing, or that show what a methodological error would have reported.
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
          "This run has no negative controls. `renalgrade controls STUDY` runs them in the same folds; `renalgrade crossvalidate --controls` runs them together with a new run."
        ),
      ]
    }
    guard !controls.isEmpty else {
      return [.p(HTML(text: permutation)), .p("The run's controls.json lists no controls.")]
    }
    let metrics = [Metric.auc, .accuracy]
    let rows: [(title: String, result: RunMetrics.Levels?)] =
      [("This run", analysis.run)] + controls.map { ($0.title, $0.result) }
    let table = HTMLTable(
      caption: "The run and its controls, decided at the protocol's threshold",
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
      + NegativeControlRegistry.notApplicable(to: content.manifest.examples).map { .p(HTML(text: $0)) }
  }

  private static func sentence(_ test: StatedTest) -> String {
    guard let pValue = test.pValue else {
      return
        "Whether the probabilities are associated with the labels can't be tested by permutation. \(test.note ?? "")"
    }
    let reading =
      pValue < 0.05
      ? "chance alone would rarely rank the patients as well."
      : "randomly permuted labels are often ranked as well, so this is inconclusive."
    return "If the labels were randomly permuted among the patients, the AUC would be at least as high as this "
      + "run's with \(Format.pStatement(pValue)) (1,999 permutations): \(reading)"
  }

  /// The place of a control with permuted labels in its permutation distribution.
  private static func place(_ place: ControlAnalysis.Place?) -> String {
    guard let place, let auc = place.auc, let share = place.share, let pValue = place.test.pValue else {
      return "Its place among permutations cannot be determined. \(place?.test.note ?? "")"
    }
    let percent = Int((100 * share).rounded())
    let start =
      "Ranked within folds, its AUC is \(Format.number(auc)): \(percent)% of 1,999 permutations of its labels "
      + "within the folds give a lower AUC (two-sided \(Format.pStatement(pValue)))"
    guard pValue < 0.05 else { return "\(start), which is compatible with chance." }
    return auc > 0.5
      ? "\(start). By chance, one in forty such controls is as high; if this persists with another seed, there is leakage."
      : "\(start). By chance, one in forty such controls is as low; leakage would have raised it."
  }

  /// What the control implies for the run.
  private static func reading(_ control: ControlAnalysis.Control, _ run: RunMetrics.Levels) -> String {
    guard let result = control.result else { return control.note ?? "It has no result." }
    switch control.name {
    case ControlAnalysis.sliceLevelSplit:
      guard let leaky = result.slice[.accuracy].value, let honest = run.slice[.accuracy].value else {
        return "What a slice-level split would have reported here can't be stated."
      }
      let points = Int(((leaky - honest) * 100).rounded())
      return
        "What a slice-level split would have reported here: an accuracy of \(Format.number(leaky)) and an AUC of "
        + "\(Format.number(result.slice[.auc].value)) over slices, where the split by patients gives "
        + "\(Format.number(honest)) and \(Format.number(run.slice[.auc].value)): \(abs(points)) points of accuracy "
        + "\(points < 0 ? "less" : "more") for the same slices."
    case ControlAnalysis.shuffledLabels:
      return place(control.place)
    default:
      let (own, other) = (run.patient[.auc].value, result.patient[.auc].value)
      guard let own, let other else { return "Its AUC can't be compared with the run's." }
      return "Its AUC is \(Format.number(other)), \(Format.difference(other - own)) compared with the run's "
        + "\(Format.number(own))."
    }
  }
}
