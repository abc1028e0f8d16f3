/// The receiver operating characteristic of scored cases.
public struct ROCCurve: Equatable, Sendable {
  /// What calling every case from a threshold upwards positive gives.
  public struct Point: Equatable, Sendable {
    /// The share of negatives called positive.
    public let falsePositiveRate: Double
    /// The share of positives called positive.
    public let truePositiveRate: Double
    /// The threshold; infinity for the point where nothing is called positive.
    public let threshold: Double
  }

  /// One point per distinct score, from (0, 0) to (1, 1), with falling thresholds.
  ///
  /// The same points as scikit-learn's `roc_curve(drop_intermediate=False)`: tied cases move together.
  public let points: [Point]

  /// The area under the curve: the chance that a random positive scores above a random negative, ties counting half.
  ///
  /// It is the Mann-Whitney statistic with mid-ranks, counted in whole numbers.
  public let auc: Double

  /// Draws the curve; nil where only one class is there, or a score is not a finite number.
  public init?(_ cases: Cases) {
    let positives = cases.positives
    let negatives = cases.count - positives
    guard positives > 0, negatives > 0, cases.scores.allSatisfy(\.isFinite) else { return nil }
    let order = cases.scores.indices.sorted { cases.scores[$0] > cases.scores[$1] }
    var points = [Point(falsePositiveRate: 0, truePositiveRate: 0, threshold: .infinity)]
    var (truePositives, falsePositives) = (0, 0)
    var beforeTie = (truePositives: 0, falsePositives: 0)
    // Twice the number of pairs in order: each negative counts the positives above it, and half of those it ties with.
    var doubledPairs = 0
    for (place, index) in order.enumerated() {
      if cases.labels[index] { truePositives += 1 } else { falsePositives += 1 }
      let isLastOfTie = place + 1 == order.count || cases.scores[order[place + 1]] < cases.scores[index]
      guard isLastOfTie else { continue }
      points.append(
        Point(
          falsePositiveRate: Double(falsePositives) / Double(negatives),
          truePositiveRate: Double(truePositives) / Double(positives), threshold: cases.scores[index]))
      doubledPairs += (falsePositives - beforeTie.falsePositives) * (beforeTie.truePositives + truePositives)
      beforeTie = (truePositives, falsePositives)
    }
    self.points = points
    auc = Double(doubledPairs) / 2 / (Double(positives) * Double(negatives))
  }
}
