/// The mean of values that come in clusters (patients), with an interval over draws of clusters.
public enum ClusteredMean {
  /// The mean over all values and its bootstrap interval.
  ///
  /// - Parameters:
  ///   - values: the values.
  ///   - clusters: the cluster of each.
  ///   - level: the confidence level.
  ///   - samples: how many draws of clusters.
  ///   - seed: the draws' seed.
  /// - Returns: the mean with its interval.
  /// - Throws: `NotEstimable` where there is no value, one is not finite, the lists differ in length, or there is no interval.
  public static func estimate(
    _ values: [Double], clusters: [String], level: Double = 0.95, samples: Int = 2000, seed: UInt64 = 1
  ) throws(NotEstimable) -> Estimate {
    let mean = try value(values)
    guard clusters.count == values.count else { throw .differentCases }
    let draws = ClusterDraws(clusters)
    let (sums, counts) = (draws.sums(values), draws.sums(values.map { _ in 1 }))
    let interval = try draws.interval(level: level, samples: samples, seed: seed) { times in
      var (sum, count) = (0.0, 0.0)
      for (cluster, number) in times.enumerated() where number > 0 {
        sum += Double(number) * sums[cluster]
        count += Double(number) * counts[cluster]
      }
      return count > 0 ? sum / count : nil
    }
    return Estimate(value: mean, interval: interval)
  }

  /// The mean alone; throws where there is no value, or one is not finite.
  public static func value(_ values: [Double]) throws(NotEstimable) -> Double {
    guard !values.isEmpty else { throw .noCases }
    let odd = values.count { !$0.isFinite }
    guard odd == 0 else { throw .notFinite(odd) }
    return values.reduce(0, +) / Double(values.count)
  }
}
