import Evaluation

/// How well a level's probabilities rank, beyond the pooled AUC of the result.
public struct AreaAnalysis: Codable, Equatable, Sendable {
  /// The level.
  public let level: Level
  /// The AUC of the cases' ranks within their folds, which does not depend on the scales of the folds' models.
  public let withinFolds: Stated
  /// The average precision.
  public let averagePrecision: Stated
  /// The share of high grade: the average precision of uninformative probabilities; nil without cases.
  public let positiveShare: Double?

  init(_ level: Level, _ fitting: CrossFitting) {
    let cases = fitting.cases.finite
    self.level = level
    positiveShare = cases.count > 0 ? Double(cases.positives) / Double(cases.count) : nil
    withinFolds = Stated { () throws(NotEstimable) in try .area(fitting.cases.ranked(within: fitting.folds).finite) }
    averagePrecision = Stated(
      { () throws(NotEstimable) in try PrecisionRecallCurve.averagePrecision(cases) },
      otherwise: { () throws(NotEstimable) in try PrecisionRecallCurve(cases).averagePrecision })
  }
}

extension Estimate {
  /// The AUC with its standard interval; throws where a class is missing.
  static func area(_ cases: Cases) throws(NotEstimable) -> Estimate {
    guard let auc = ROCCurve(cases)?.auc else {
      throw cases.count == 0 ? .noCases : .oneClass(isPositive: cases.positives > 0)
    }
    return Estimate(value: auc, interval: AUCInterval.standard(cases))
  }
}
