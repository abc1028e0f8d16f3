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

  /// The exact two-sided p-value: conservative; 1 where no case tells the models apart.
  public var exactPValue: Double { min(1, 2 * tail.atMost) }

  /// The mid-p-value: it counts half of the chance of what was seen, and keeps closer to its level.
  public var midPValue: Double { min(1, 2 * tail.atMost - tail.exactly) }

  private var tail: (atMost: Double, exactly: Double) {
    FairCoin.lowerTail(min(firstOnly, secondOnly), of: firstOnly + secondOnly)
  }
}
