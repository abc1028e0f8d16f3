import Analysis
import Evaluation
import Foundation

/// What a result can and cannot say, in plain sentences.
enum Precision {
  /// The patient-level AUC, and what its interval leaves open.
  static func sentence(_ patient: LevelMetrics, of model: String) -> String {
    let who = "\(Format.count(patient.n, "patient")), \(patient.positives) of high grade"
    guard let auc = patient[.auc].value else { return "\(who): no AUC can be stated. \(patient.note ?? "")" }
    let start =
      "On \(who), the \(model) ranks a high-grade patient above a low-grade one with a probability of "
      + "\(Format.number(auc)) (AUC)."
    guard let interval = patient[.auc].interval else { return "\(start) \(patient.note ?? "")" }
    let range = "The 95% interval, \(Format.range(interval)), is \(Format.number(interval.width)) wide"
    if interval.contains(0.5) {
      return "\(start) \(range) and contains 0.5: this run does not show that the \(model) tells the grades apart."
    }
    if interval.width > 0.15 {
      return
        "\(start) \(range): so few patients leave open how good it is, and another sample of this size may well give "
        + "either end."
    }
    return "\(start) \(range)."
  }

  /// How coarse the rates are: what one patient more or less would change.
  static func oneCaseMore(_ patient: LevelMetrics) -> String {
    let negatives = patient.n - patient.positives
    guard patient.positives > 0, negatives > 0 else { return "" }
    func step(_ count: Int) -> String { Format.number(1 / Double(count), decimals: count >= 100 ? 3 : 2) }
    return "One patient decided otherwise moves sensitivity by \(step(patient.positives)) and specificity by "
      + "\(step(negatives))."
  }
}

extension Spread {
  /// The mean with the standard deviation in brackets.
  var text: String { Format.number(mean) + (deviation.map { " (\(Format.number($0)))" } ?? "") }
}

/// How the numbers were made.
enum Methods {
  static let intervals = [
    (
      "AUC",
      "The Mann-Whitney statistic with mid-ranks on the out-of-fold predictions. Pooling puts the scores of all folds' "
        + "models on one scale, which they need not share; the folds' own values stand beside it."
    ),
    (
      "Intervals of the AUC",
      "95%. Where each patient is one case, DeLong's (plain, clipped to 0 to 1). Where a patient gives several slices or "
        + "lesions, the percentile bootstrap over 2,000 draws of whole patients. Newcombe's method 5 over patients stands in "
        + "where a class has one patient only, and where those would have no width: at an AUC of 1 or 0, or with one and the "
        + "same probability for all."
    ),
    (
      "Intervals of rates",
      "95%, Wilson's. Where a patient gives several cases, at the effective sample size that the variance between patients "
        + "leaves (Rao and Scott)."
    ),
    (
      "How often they hold",
      "In 2,000 simulated cohorts of 100 patients the intervals over patients held the truth in 94 to 96%; with slices taken for "
        + "patients, in 65 to 70%. Where a rate is near 1 in few patients they are too narrow: 90% for 0.94 in some 33."
    ),
    (
      "What the intervals leave out",
      "They tell how the result would vary with other patients of the same kind, given these models. They do not hold the "
        + "variation from training anew, nor from other scanners, readers or hospitals."
    ),
  ]

  static func list(_ entries: [(String, String)]) -> HTML {
    .element(
      "dl", ["class": "methods"],
      entries.flatMap { [.element("dt", [:], HTML(text: $0.0)), .element("dd", [:], HTML(text: $0.1))] })
  }
}
