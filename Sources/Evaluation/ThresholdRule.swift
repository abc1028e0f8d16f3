/// How a threshold is chosen from scored cases; a score of the threshold or more is called positive.
///
/// A threshold chosen on the cases that it is then evaluated on is optimistic: choose it on the training patients of each fold only.
public enum ThresholdRule: Equatable, Sendable {
  /// This number, whatever the cases.
  case fixed(Double)
  /// The score with the greatest sensitivity + specificity; of equal ones the highest score, which calls the fewest positive.
  ///
  /// Source: Youden, Cancer 1950.
  case youden
  /// The highest score whose sensitivity is at least this share (0...1): the best specificity at that sensitivity.
  case sensitivity(atLeast: Double)
  /// The lowest score whose specificity is at least this share (0...1): the best sensitivity at that specificity.
  ///
  /// Where no score reaches it, the next number above the highest score, which calls nothing positive.
  case specificity(atLeast: Double)

  /// The threshold that the rule takes from `cases`: one of their scores, save where the rule says otherwise.
  ///
  /// Throws where there is one class only, a score is not finite, or the wanted share is outside 0...1; `fixed` looks at no
  /// case.
  public func threshold(for cases: Cases) throws(NotEstimable) -> Double {
    if case .fixed(let threshold) = self {
      guard threshold.isFinite else { throw .badSetting("the threshold must be a finite number, found \(threshold)") }
      return threshold
    }
    try cases.check()
    guard let points = ROCCurve(cases)?.points.dropFirst(), let lowest = points.last, let highest = points.first else {
      throw .noCases
    }
    switch self {
    case .fixed(let threshold): return threshold
    case .youden:
      // Counted in whole numbers, so that equal indices are equal.
      let positives = cases.positives
      let negatives = cases.count - positives
      func index(_ point: ROCCurve.Point) -> Int {
        let truePositives = Int((point.truePositiveRate * Double(positives)).rounded())
        let falsePositives = Int((point.falsePositiveRate * Double(negatives)).rounded())
        return truePositives * negatives - falsePositives * positives
      }
      var best = highest
      for point in points where index(point) > index(best) { best = point }
      return best.threshold
    case .sensitivity(let wanted):
      try Self.check(share: wanted, "sensitivity")
      return (points.first { $0.truePositiveRate >= wanted } ?? lowest).threshold
    case .specificity(let wanted):
      try Self.check(share: wanted, "specificity")
      // From the counts, as 1 - rate would round.
      let negatives = Double(cases.count - cases.positives)
      func specificity(_ point: ROCCurve.Point) -> Double {
        (negatives - (point.falsePositiveRate * negatives).rounded()) / negatives
      }
      return points.last { specificity($0) >= wanted }?.threshold ?? highest.threshold.nextUp
    }
  }

  private static func check(share: Double, _ name: String) throws(NotEstimable) {
    guard (0...1).contains(share) else { throw .badSetting("the \(name) must lie within 0 to 1, found \(share)") }
  }
}
