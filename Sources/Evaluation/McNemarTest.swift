/// Whether two models are right equally often on the same cases: only those count on which one is right and the other wrong.
///
/// Sources: McNemar, Psychometrika 1947; Fagerland, Lydersen and Laake, BMC Medical Research Methodology 2013 (mid-p).
public struct McNemarTest: Equatable, Sendable {
  /// Cases on which the first model alone is right.
  public let firstOnly: Int
  /// Cases on which the second model alone is right.
  public let secondOnly: Int

  /// Makes a test from its counts, neither below 0.
  public init(firstOnly: Int, secondOnly: Int) {
    precondition(firstOnly >= 0 && secondOnly >= 0, "counts")
    self.firstOnly = firstOnly
    self.secondOnly = secondOnly
  }

  /// Counts the decisions of two models at their thresholds; of one class only, where `labels` says so.
  ///
  /// With true it compares sensitivities, with false specificities, with nil accuracies. Throws where the cases differ, a score
  /// isn't finite, none are of that class, or clusters give several: such cases aren't independent, which the test needs.
  public init(
    _ first: Cases, _ second: Cases, thresholds: (first: Double, second: Double), labels: Bool? = nil
  ) throws(NotEstimable) {
    try first.check(bothClasses: false)
    try second.check(bothClasses: false)
    try second.check(sameCasesAs: first)
    guard !first.isClustered else {
      throw .clustered(instead: "Compare whole patients, or take the bootstrap over patients.")
    }
    var (firstOnly, secondOnly, counted) = (0, 0, 0)
    for (index, label) in first.labels.enumerated() where labels == nil || labels == label {
      let isFirstRight = (first.scores[index] >= thresholds.first) == label
      let isSecondRight = (second.scores[index] >= thresholds.second) == label
      if isFirstRight, !isSecondRight { firstOnly += 1 }
      if isSecondRight, !isFirstRight { secondOnly += 1 }
      counted += 1
    }
    guard counted > 0 else { throw .oneClass(isPositive: labels == false) }
    self.init(firstOnly: firstOnly, secondOnly: secondOnly)
  }

  /// The exact two-sided p-value: conservative; 1 where no case tells the models apart.
  public var exactPValue: Double { min(1, 2 * tail.atMost) }

  /// The mid-p-value: it counts half of the chance of what was seen, and keeps closer to its level.
  public var midPValue: Double { min(1, 2 * tail.atMost - tail.exactly) }

  private var tail: (atMost: Double, exactly: Double) {
    FairCoin.lowerTail(min(firstOnly, secondOnly), of: firstOnly + secondOnly)
  }
}
