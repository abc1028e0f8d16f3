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
      return "\(start) \(range) and contains 0.5: whether the \(model) distinguishes the grades is inconclusive."
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
      "The ranking is reversed: the interval lies below 0.5, and low-grade patients have the higher values more "
      + "often than chance explains. Check the labels and the inputs of the \(model) first."
  }

  /// How coarse the rates are: what one patient classified differently would change.
  static func oneCaseMore(_ patient: LevelMetrics) -> String {
    let negatives = patient.n - patient.positives
    guard patient.positives > 0, negatives > 0 else { return "" }
    func step(_ count: Int) -> String { Format.number(1 / Double(count), decimals: count >= 100 ? 3 : 2) }
    return "One patient classified differently changes sensitivity by \(step(patient.positives)) and specificity by "
      + "\(step(negatives))."
  }
}

extension Spread {
  /// The mean with the standard deviation in brackets.
  var text: String { Format.number(mean) + (deviation.map { " (\(Format.number($0)))" } ?? "") }

  /// The same, with the number of folds that have a value if some have none.
  func text(ofFolds folds: Int) -> String { count == folds ? text : "\(text), \(count) of \(folds) folds" }
}

/// How the numbers were made.
enum Methods {
  static let intervals = [
    (
      "AUC",
      "The Mann-Whitney statistic with mid-ranks on the out-of-fold predictions. Pooling treats the scores of all "
        + "folds' models as if they shared one scale, which they need not; the AUC of the ranks within folds and "
        + "the values of each fold are therefore also reported."
    ),
    (
      "Intervals of the AUC",
      "95%, the same in all sections. DeLong's variance, or Obuchowski's where a patient has several slices or "
        + "lesions, on the logit scale, with Student's t and Satterthwaite's degrees of freedom (where patients "
        + "have several cases, those of the less frequent class's patients). DeLong's plain interval contains the "
        + "true value in 83 to 94% with 14 of 40 of high grade. Newcombe's method 5 over patients is used instead "
        + "where a class has only one patient, at an AUC of 1 or 0, or if all probabilities are equal."
    ),
    (
      "Intervals of rates",
      "95%, Wilson's. Where a patient has several cases, at the effective sample size given by the variance between "
        + "patients (Rao and Scott). F1: from Wilson's interval of the true positives among all that are positive "
        + "or called so. "
        + "Balanced accuracy: by MOVER of the two rates' intervals. Matthews' correlation: Fisher's z, with the spread over 2,000 "
        + "bootstrap draws of whole patients."
    ),
    (
      "Coverage",
      "Each section states in what percentage of 1,000 simulated cohorts of about this size its intervals contain "
        + "the true value. If slices were treated as independent patients, that would be 65 to 70%."
    ),
    (
      "What the intervals do not include",
      "They describe how the result would vary with other patients of the same kind, given these models. They do "
        + "not include the variation from repeated training, or from other scanners, readers or hospitals."
    ),
  ]

  static func list(_ entries: [(String, String)]) -> HTML {
    .element(
      "dl", ["class": "methods"],
      entries.flatMap { [.element("dt", [:], HTML(text: $0.0)), .element("dd", [:], HTML(text: $0.1))] })
  }
}
