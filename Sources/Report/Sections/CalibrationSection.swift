import Analysis
import Evaluation
import Foundation
import Experiment
import Study
import Support

/// Whether the probabilities mean what they say, before and after rescaling.
struct CalibrationSection: RunSection {
  let id = "calibration"
  let title = "Calibration"

  func answers(_ content: RunContent) -> Bool {
    content.analysis.calibration.contains { $0.raw.intercept.value != nil }
  }

  func html(_ content: RunContent, figures: URL) throws(StudyError) -> [HTML] {
    var rows: [[HTML]] = []
    var reasons: [(subject: String, note: String?)] = []
    for level in content.analysis.calibration {
      let plural = level.level.plural
      let kinds: [(name: String, measures: CalibrationAnalysis.Measures?, note: String?)] = [
        ("as predicted", level.raw, nil), ("temperature", level.temperature.measures, level.temperature.note),
        ("Platt", level.platt.measures, level.platt.note),
      ]
      for kind in kinds {
        reasons.append(("\(plural), \(kind.name)", kind.note))
        guard let measures = kind.measures else {
          rows.append([HTML(text: Format.heading(plural)), HTML(text: kind.name)] + Self.measures.map { _ in "–" })
          continue
        }
        let stated = Self.measures.map { (name: $0.name, stated: measures[keyPath: $0.value]) }
        rows.append(
          [HTML(text: Format.heading(plural)), HTML(text: kind.name)] + stated.map { Format.cell($0.stated) })
        reasons += stated.map { ("\(plural), \(kind.name), \($0.name)", $0.stated.note) }
      }
    }
    let table = HTMLTable(
      caption: "Calibration at each level, with 95% intervals",
      columns: ["Level", "Probabilities"] + Self.measures.map { Format.heading($0.name) }, rows: rows,
      leadingColumns: 2)
    let curve = try Figure.reliability(content.cases.patient)?.draw(in: figures).besideCaption
    return [
      .p(
        "An intercept of 0 and a slope of 1 are ideal; a scaled Brier score of 0 is no better than predicting the overall share for everyone. A slope below 1 means that the probabilities are too extreme. With few cases an ECE is never 0. The column beside it therefore states the ECE that perfectly calibrated probabilities would have here: the mean and the central 95% of 500 draws of outcomes from them (slices of a patient share a draw). An ECE within that range is compatible with perfect calibration. Intervals: Wald (with the sandwich variance over patients and Student's t where patients have several cases); for the Brier score, on the logit scale with Student's t."
      ),
      table.html,
      Coverage.remark(
        [("intercept", "intercept"), ("slope", "slope"), ("brier", "Brier")],
        at: content.levels.filter { $0 != .lesion }, patients: content.metrics.pooled.patient.clusters),
      .remark(
        "Temperature and Platt scaling are fitted for each fold on the out-of-fold predictions of the other folds, so no fold is evaluated with a map fitted on itself. They change probabilities, not ranks within a fold."
      ),
    ] + HTML.reasons(reasons) + [
      curve ?? .p("No reliability curve can be drawn: no patient has a probability.")
    ]
  }

  private static let measures: [(name: String, value: KeyPath<CalibrationAnalysis.Measures, Stated> & Sendable)] = [
    ("intercept", \.intercept), ("slope", \.slope), ("Brier", \.brier), ("scaled Brier", \.scaledBrier),
    ("ECE", \.expectedCalibrationError), ("ECE if perfect", \.errorOfPerfectCalibration),
  ]
}
