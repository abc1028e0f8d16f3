/// Two measurements of the same things, such as two readers' volumes of lesions; intervals are over draws of clusters (patients).
///
/// Sources: Bland and Altman, Statistical Methods in Medical Research 1999;8:135-160 (limits of agreement); Shrout and Fleiss,
/// Psychological Bulletin 1979;86:420-428 (intraclass correlations of a single measurement).
public struct PairedMeasurements: Equatable, Sendable {
  /// By thing: both measurements.
  public let first, second: [Double]
  /// By thing: its cluster.
  public let clusters: [String]

  /// Takes the measurements.
  ///
  /// - Throws: `NotEstimable` where the lists differ in length, a value is not finite, or there are fewer than three things.
  public init(_ first: [Double], _ second: [Double], clusters: [String]) throws(NotEstimable) {
    guard first.count == second.count, clusters.count == first.count else { throw .differentCases }
    let odd = (first + second).count { !$0.isFinite }
    guard odd == 0 else { throw .notFinite(odd) }
    guard first.count > 2 else { throw .tooFewClusters(found: first.count, needed: 3, of: "pairs of measurements") }
    (self.first, self.second, self.clusters) = (first, second, clusters)
  }

  /// What can be stated of them.
  public enum Statistic: CaseIterable, Sendable {
    /// The mean of second less first.
    case bias
    /// The bias less 1.96 standard deviations of the differences.
    case lowerLimit
    /// The bias and 1.96 standard deviations of the differences.
    case upperLimit
    /// ICC(2,1): two-way random effects, absolute agreement, a single measurement.
    case icc21
    /// ICC(3,1): two-way mixed effects, consistency, a single measurement.
    case icc31
  }

  /// A statistic with its interval.
  ///
  /// - Parameters:
  ///   - statistic: which one.
  ///   - level: the confidence level.
  ///   - samples: how many draws of clusters.
  ///   - seed: the draws' seed.
  /// - Returns: the value and its percentile interval.
  /// - Throws: `NotEstimable` where nothing varies, or there is no interval.
  public func estimate(
    _ statistic: Statistic, level: Double = 0.95, samples: Int = 2000, seed: UInt64 = 1
  ) throws(NotEstimable) -> Estimate {
    let value = try value(statistic)
    let draws = ClusterDraws(clusters)
    let interval = try draws.interval(level: level, samples: samples, seed: seed) { times in
      Self.value(statistic, first, second, weights: draws.clusterOf.map { Double(times[$0]) })
    }
    return Estimate(value: value, interval: interval)
  }

  /// A statistic alone.
  ///
  /// - Throws: `NotEstimable` where an intraclass correlation is asked for and nothing varies.
  public func value(_ statistic: Statistic) throws(NotEstimable) -> Double {
    guard let value = Self.value(statistic, first, second, weights: first.map { _ in 1 }) else {
      throw .noVariation("the measurements do not vary")
    }
    return value
  }

  /// Where each thing counts as often as its weight says.
  private static func value(
    _ statistic: Statistic, _ first: [Double], _ second: [Double], weights: [Double]
  ) -> Double? {
    let count = weights.reduce(0, +)
    guard count > 1 else { return nil }
    func mean(_ value: (Int) -> Double) -> Double { first.indices.reduce(0) { $0 + weights[$1] * value($1) } / count }
    let (one, other) = (mean { first[$0] }, mean { second[$0] })
    let bias = other - one
    /// The sum of squares of the differences about their mean.
    let squares = count * mean { (second[$0] - first[$0] - bias) * (second[$0] - first[$0] - bias) }
    switch statistic {
    case .bias: return bias
    case .lowerLimit: return bias - 1.96 * (squares / (count - 1)).squareRoot()
    case .upperLimit: return bias + 1.96 * (squares / (count - 1)).squareRoot()
    case .icc21, .icc31:
      let grand = (one + other) / 2
      let rows =
        2 * count
        * mean { index in
          let row = (first[index] + second[index]) / 2 - grand
          return row * row
        } / (count - 1)
      let error = squares / 2 / (count - 1)
      let columns = count * bias * bias / 2
      let total = statistic == .icc31 ? rows + error : rows + error + 2 * (columns - error) / count
      return total > 0 ? (rows - error) / total : nil
    }
  }
}
