/// Precision against recall of scored cases.
///
/// Source: Davis and Goadrich, "The relationship between precision-recall and ROC curves", ICML 2006.
public struct PrecisionRecallCurve: Equatable, Sendable {
  /// What calling every case from a threshold upwards positive gives.
  public struct Point: Equatable, Sendable {
    /// The share of positives called positive.
    public let recall: Double
    /// The share of positive calls that are right.
    public let precision: Double
    /// The threshold.
    public let threshold: Double
  }

  /// One point per distinct score, with rising recall and falling thresholds; tied cases move together.
  public let points: [Point]

  /// The mean of the precisions, each weighted by the recall that its threshold adds; no interpolation between points.
  ///
  /// Scores that tell nothing give about `positiveShare`. The same as scikit-learn's `average_precision_score`.
  public let averagePrecision: Double

  /// The share of positives: the precision of calling every case positive.
  public let positiveShare: Double

  /// Draws the curve; throws where there is one class only, or a score is not finite.
  public init(_ cases: Cases) throws(NotEstimable) {
    try cases.check()
    let groups = TiedGroups(cases)
    let positives = Double(cases.positives)
    var points: [Point] = []
    var (truePositives, falsePositives, average) = (0, 0, 0.0)
    for group in groups.falling {
      truePositives += group.members.count { $0.isPositive }
      falsePositives += group.members.count { !$0.isPositive }
      let point = Point(
        recall: Double(truePositives) / positives,
        precision: Double(truePositives) / Double(truePositives + falsePositives), threshold: group.score)
      average += (point.recall - (points.last?.recall ?? 0)) * point.precision
      points.append(point)
    }
    self.points = points
    averagePrecision = average
    positiveShare = positives / Double(cases.count)
  }

  /// The average precision with its interval on the logit's scale, by the spread over draws of whole clusters.
  ///
  /// Student's t has the degrees of freedom that the clusters with a positive leave; draws without a positive are drawn again.
  /// Percentiles of the draws themselves hold the truth in 87 to 95% with 14 of 40 positive. Throws as the curve does, with one
  /// cluster of positives, and where the draws do not vary. Source: Boyd, Eng and Page, ECML PKDD 2013 (the logit).
  public static func averagePrecision(
    _ cases: Cases, level: Double = 0.95, samples: Int = 2000, seed: UInt64 = 1
  ) throws(NotEstimable) -> Estimate {
    try check(level: level)
    let value = try PrecisionRecallCurve(cases).averagePrecision
    let positives = cases.clusterCount(positive: true)
    guard positives > 1 else {
      throw .tooFewClusters(found: positives, needed: 2, of: "patients with a positive case")
    }
    let groups = TiedGroups(cases)
    let draws = try ClusterDraws(cases.clusters).values(samples: samples, seed: seed) { groups.averagePrecision($0) }
    let error = ClusterDraws.deviation(of: draws)
    guard error > 1e-9, let limits = LogitScale.limits(value, error, level, Double(positives - 1)) else {
      throw .noVariation("every draw of patients gives the same value")
    }
    return Estimate(
      value: value,
      interval: Interval(
        lower: limits.lower, upper: limits.upper, level: level, method: "logit, t, bootstrap over patients"))
  }
}

/// Cases by falling score; tied ones share a group.
private struct TiedGroups {
  let falling: [(score: Double, members: [(cluster: Int, isPositive: Bool)])]

  init(_ cases: Cases) {
    let clusterOf = ClusterDraws(cases.clusters).clusterOf
    var falling: [(score: Double, members: [(cluster: Int, isPositive: Bool)])] = []
    for index in cases.scores.indices.sorted(by: { cases.scores[$0] > cases.scores[$1] }) {
      if falling.last?.score != cases.scores[index] { falling.append((cases.scores[index], [])) }
      falling[falling.count - 1].members.append((clusterOf[index], cases.labels[index]))
    }
    self.falling = falling
  }

  /// The average precision where every cluster counts as often as it was drawn; nil without a positive.
  func averagePrecision(_ multiplicities: [Int]) -> Double? {
    var (truePositives, called, sum) = (0, 0, 0.0)
    for group in falling {
      let before = truePositives
      for member in group.members {
        called += multiplicities[member.cluster]
        if member.isPositive { truePositives += multiplicities[member.cluster] }
      }
      if truePositives > before { sum += Double(truePositives - before) * Double(truePositives) / Double(called) }
    }
    return truePositives > 0 ? sum / Double(truePositives) : nil
  }
}
