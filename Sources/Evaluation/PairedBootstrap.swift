/// Differences of two models over draws of whole clusters (patients), the same draws for both.
///
/// The p-value is twice the smaller share of draws on either side of 0, with one draw added to each. Source: Efron and
/// Tibshirani, An Introduction to the Bootstrap, 1993, chapters 13 and 15.
public enum PairedBootstrap {
  /// The first model's AUC less the second's.
  ///
  /// Throws where the cases differ, a class is missing, a score isn't finite, there are fewer than two clusters, or all draws
  /// agree.
  public static func auc(
    _ first: Cases, _ second: Cases, level: Double = 0.95, samples: Int = 2000, seed: UInt64 = 1
  ) throws(NotEstimable) -> PairedDifference {
    try first.check()
    try second.check()
    try second.check(sameCasesAs: first)
    guard let ofFirst = ClusterBootstrap(first), let ofSecond = ClusterBootstrap(second) else {
      throw .tooFewClusters(found: Set(first.clusters).count, needed: 2, of: "patients")
    }
    return try difference(ClusterDraws(first.clusters), level, samples, seed) { times in
      guard let one = ofFirst.auc(times), let other = ofSecond.auc(times) else { return nil }
      return one - other
    }
  }

  /// The first model's `rate` less the second's, each decided at its threshold: `\.accuracy`, `\.f1`, ...
  ///
  /// Throws where the cases differ, a score isn't finite, the rate is undefined, there are fewer than two clusters, or all
  /// draws agree.
  public static func rate(
    _ rate: KeyPath<ConfusionMatrix, Double?> & Sendable, _ first: Cases, _ second: Cases,
    thresholds: (first: Double, second: Double), level: Double = 0.95, samples: Int = 2000, seed: UInt64 = 1
  ) throws(NotEstimable) -> PairedDifference {
    try first.check(bothClasses: false)
    try second.check(bothClasses: false)
    try second.check(sameCasesAs: first)
    let ofFirst = ClusterCounts(first, threshold: thresholds.first)
    let ofSecond = ClusterCounts(second, threshold: thresholds.second)
    return try difference(ofFirst.draws, level, samples, seed) { times in
      guard let one = ofFirst.matrix(times)[keyPath: rate], let other = ofSecond.matrix(times)[keyPath: rate] else {
        return nil
      }
      return one - other
    }
  }

  private static func difference(
    _ draws: ClusterDraws, _ level: Double, _ samples: Int, _ seed: UInt64, _ statistic: ([Int]) -> Double?
  ) throws(NotEstimable) -> PairedDifference {
    try check(level: level)
    guard let value = statistic([Int](repeating: 1, count: draws.count)) else {
      throw .noVariation("the rate is undefined for one of the models")
    }
    let values = try draws.values(samples: samples, seed: seed, statistic)
    let interval = try ClusterDraws.interval(of: values, level: level)
    let mean = Aggregate.mean(values)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let below = Double(1 + values.count { $0 <= 0 })
    let above = Double(1 + values.count { $0 >= 0 })
    return PairedDifference(
      value: value, standardError: (squares / Double(max(1, samples - 1))).squareRoot(), interval: interval,
      pValue: min(1, 2 * min(below, above) / Double(samples + 1)))
  }
}
