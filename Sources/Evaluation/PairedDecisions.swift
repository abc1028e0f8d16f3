import Foundation

/// How often each of two models decides the same cases rightly, and how far their shares of right decisions differ.
///
/// Sources: Newcombe, Statistics in Medicine 1998 (17:2635), method 10 (the interval); McNemar, Psychometrika 1947.
public struct PairedDecisions: Equatable, Sendable {
  /// Cases that both decide rightly, the first alone, the second alone, and neither.
  public let both, firstOnly, secondOnly, neither: Int

  /// Makes it from its counts, none below 0.
  public init(both: Int, firstOnly: Int, secondOnly: Int, neither: Int) {
    precondition(min(both, firstOnly, secondOnly, neither) >= 0, "counts")
    (self.both, self.firstOnly, self.secondOnly, self.neither) = (both, firstOnly, secondOnly, neither)
  }

  /// Counts the decisions of two models at their thresholds; of one class only, where `labels` says so.
  ///
  /// With true it compares sensitivities, with false specificities, with nil accuracies. Throws where the cases differ, a score
  /// isn't finite, none are of that class, or clusters give several: such cases aren't independent, which it needs.
  public init(
    _ first: Cases, _ second: Cases, thresholds: (first: Double, second: Double), labels: Bool? = nil
  ) throws(NotEstimable) {
    try first.check(bothClasses: false)
    try second.check(bothClasses: false)
    try second.check(sameCasesAs: first)
    guard !first.isClustered else { throw .clustered(instead: "Compare whole patients.") }
    var counts = [0, 0, 0, 0]
    for (index, label) in first.labels.enumerated() where labels == nil || labels == label {
      let isFirstWrong = (first.scores[index] >= thresholds.first) != label
      let isSecondWrong = (second.scores[index] >= thresholds.second) != label
      counts[(isFirstWrong ? 2 : 0) + (isSecondWrong ? 1 : 0)] += 1
    }
    guard counts.contains(where: { $0 > 0 }) else { throw .oneClass(isPositive: labels == false) }
    self.init(both: counts[0], firstOnly: counts[1], secondOnly: counts[2], neither: counts[3])
  }

  /// How many cases there are.
  public var count: Int { both + firstOnly + secondOnly + neither }

  /// Whether the two are right equally often.
  public var mcNemar: McNemarTest { McNemarTest(firstOnly: firstOnly, secondOnly: secondOnly) }

  /// The first model's share of right decisions less the second's; NaN without cases.
  public var difference: Double { Double(firstOnly - secondOnly) / Double(count) }

  /// Newcombe's interval of the difference, from Wilson's intervals of the two shares; nil without cases.
  ///
  /// It has a width where no case tells the models apart, too.
  public func interval(level: Double = 0.95) -> Interval? {
    guard let first = WilsonInterval.of(both + firstOnly, in: count, level: level),
      let second = WilsonInterval.of(both + secondOnly, in: count, level: level)
    else { return nil }
    let (p, q) = (Double(both + firstOnly) / Double(count), Double(both + secondOnly) / Double(count))
    func distance(_ one: Double, _ other: Double) -> Double {
      max(0, one * one - 2 * correlation * one * other + other * other).squareRoot()
    }
    return Interval(
      lower: difference - distance(p - first.lower, second.upper - q),
      upper: difference + distance(first.upper - p, q - second.lower), level: level, method: "Newcombe, paired")
  }

  /// How the right decisions go together, with the continuity correction of method 10.
  private var correlation: Double {
    let counts = [both + firstOnly, secondOnly + neither, both + secondOnly, firstOnly + neither].map(Double.init)
    let product = counts.reduce(1, *)
    guard product > 0 else { return 0 }
    let cross = Double(both) * Double(neither) - Double(firstOnly) * Double(secondOnly)
    return (cross > 0 ? max(0, cross - Double(count) / 2) : cross) / product.squareRoot()
  }

  /// The one-sided p-value of a loss of `margin` (above 0), by the interval: below 0.025 where the 95% interval lies above
  /// minus the margin.
  public func noWorsePValue(margin: Double) -> Double? {
    guard count > 0, margin > 0 else { return nil }
    let isAbove = difference > -margin
    // The level at which a limit of the interval is minus the margin; wider intervals have higher levels.
    var (low, high) = (0.0, 1.0)
    for _ in 0..<50 {
      let middle = (low + high) / 2
      guard let interval = interval(level: middle) else { return nil }
      let holdsIt = isAbove ? interval.lower <= -margin : interval.upper >= -margin
      if holdsIt { high = middle } else { low = middle }
    }
    return isAbove ? (1 - high) / 2 : (1 + high) / 2
  }
}
