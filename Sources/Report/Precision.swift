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
    if let reversed = reversal(interval, of: model) { return "\(start) \(range). \(reversed)" }
    if interval.contains(0.5) {
      return "\(start) \(range) and contains 0.5: whether the \(model) tells the grades apart is inconclusive."
    }
    if interval.width > 0.15 {
      return "\(start) \(range): values across this range are compatible with the data."
    }
    return "\(start) \(range)."
  }

  /// What an interval of the AUC that lies below 0.5 means; nil where it does not.
  static func reversal(_ interval: Interval?, of model: String) -> String? {
    guard let interval, interval.upper < 0.5 else { return nil }
    return
      "The ranking is reversed: the interval lies below 0.5, and low-grade patients have the higher values more often "
      + "than chance explains. Check the labels and what the \(model) was given before anything else."
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

  /// The same, with how many of the folds it is of where some have no value.
  func text(ofFolds folds: Int) -> String { count == folds ? text : "\(text), \(count) of \(folds) folds" }
}

/// How the numbers were made.
enum Methods {
  static let intervals = [
    (
      "AUC",
      "The Mann-Whitney statistic with mid-ranks on the out-of-fold predictions. Pooling puts the scores of all folds' "
        + "models on one scale, which they need not share; the AUC of the ranks within folds, and the folds' own values, stand "
        + "beside it."
    ),
    (
      "Intervals of the AUC",
      "95%, the same in all sections. DeLong's variance, or Obuchowski's where a patient gives several slices or lesions, on "
        + "the logit's scale, with Student's t and Satterthwaite's degrees of freedom (those of the scarcer class's patients "
        + "where they give several). DeLong's plain interval holds the truth in 83 to 94% with 14 of 40 of high grade. "
        + "Newcombe's method 5 over patients stands in where a class has one patient only, and at an AUC of 1 or 0, or with one "
        + "and the same probability for all."
    ),
    (
      "Intervals of rates",
      "95%, Wilson's. Where a patient gives several cases, at the effective sample size that the variance between patients "
        + "leaves (Rao and Scott). F1: from Wilson's interval of the true positives among all that are positive or called so. "
        + "Balanced accuracy: by MOVER of the two rates' intervals. Matthews' correlation: Fisher's z, with the spread over 2,000 "
        + "bootstrap draws of whole patients."
    ),
    (
      "How often they hold",
      "Each section says in how many of 1,000 simulated cohorts of about this size its intervals hold the truth. With slices "
        + "taken for patients, they would in 65 to 70%."
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
