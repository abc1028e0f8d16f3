import Support

/// Observed shares of positives against predicted probabilities, bin by bin.
public struct ReliabilityCurve: Equatable, Sendable {
  /// How cases are put into bins; a probability on an edge belongs to the lower bin.
  public enum Binning: Equatable, Sendable {
    /// So many bins of about equally many cases, with edges at the quantiles; tied probabilities stay together.
    case quantiles(Int)
    /// So many bins of equal width within 0...1.
    case equalWidth(Int)
  }

  /// The cases of one bin that holds any.
  public struct Bin: Equatable, Sendable {
    /// How many cases it holds.
    public let count: Int
    /// The mean of their probabilities.
    public let predicted: Double
    /// The share of them that is positive, with Wilson's interval (at the effective sample size where cases are clustered).
    public let observed: Estimate
    /// The share alone.
    let share: Double
  }

  /// By rising probability.
  public let bins: [Bin]
  /// How many cases there are.
  public let count: Int

  /// The expected calibration error: the mean distance of observed and predicted, weighted by the bins' cases; 0 is ideal.
  ///
  /// It has no interval: it can't be negative, so draws with replacement overstate it. Its size depends on the binning.
  /// Source: Naeini, Cooper and Hauskrecht, AAAI 2015.
  public var expectedCalibrationError: Double { meanOverBins { abs($0.share - $0.predicted) } }

  /// Puts `cases` into bins; throws where there is none, a score isn't a probability, or fewer than one bin is asked for.
  public init(_ cases: Cases, binning: Binning = .quantiles(10), level: Double = 0.95) throws(NotEstimable) {
    try cases.check(bothClasses: false, probabilities: true)
    try check(level: level)
    bins = try Self.places(cases.scores, binning).map { places in
      let bin = cases.picked(places)
      let share = Double(bin.positives) / Double(bin.count)
      return Bin(
        count: bin.count, predicted: Aggregate.mean(bin.scores),
        observed: Estimate(
          value: share, interval: WilsonInterval.of(bin.labels, clusters: bin.clusters, level: level)), share: share)
    }
    count = cases.count
  }

  /// The mean of a bin's `value` over all cases.
  func meanOverBins(_ value: (Bin) -> Double) -> Double {
    bins.reduce(0) { $0 + Double($1.count) * value($1) } / Double(count)
  }

  /// The places of each bin's cases.
  private static func places(_ scores: [Double], _ binning: Binning) throws(NotEstimable) -> [[Int]] {
    let inner = try innerEdges(scores, binning)
    let members = Dictionary(grouping: scores.indices) { place in inner.count { $0 < scores[place] } }
    return members.sorted { $0.key < $1.key }.map(\.value)
  }

  /// The expected calibration error that these probabilities would have, were each exactly right: its mean, and the range of 95%
  /// of draws.
  ///
  /// Outcomes are drawn from the probabilities; cases of one cluster share a draw, as slices share their patient's grade, so that
  /// each has its own chance and all go together. Throws as the curve does.
  public static func errorOfPerfectCalibration(
    _ cases: Cases, binning: Binning = .quantiles(10), samples: Int = 500, seed: UInt64 = 1
  ) throws(NotEstimable) -> Estimate {
    try cases.check(bothClasses: false, probabilities: true)
    let bins = try places(cases.scores, binning)
    let clusters = ClusterDraws(cases.clusters)
    let order = bins.flatMap { $0 }
    let (scores, clusterOf) = (order.map { cases.scores[$0] }, order.map { clusters.clusterOf[$0] })
    var generator = SplitMix64(seed: seed)
    let errors = (0..<max(1, samples)).map { _ -> Double in
      let draws = clusters.zeros.map { _ in Double(generator.next() >> 11) / 0x1p53 }
      var (error, place) = (0.0, 0)
      for bin in bins {
        var distance = 0.0
        for _ in bin {
          distance += (draws[clusterOf[place]] < scores[place] ? 1 : 0) - scores[place]
          place += 1
        }
        error += abs(distance)
      }
      return error / Double(cases.count)
    }
    let sorted = errors.sorted()
    return Estimate(
      value: Aggregate.mean(errors),
      interval: Interval(
        lower: Quantile.value(0.025, ofSorted: sorted),
        upper: Quantile.value(0.975, ofSorted: sorted), level: 0.95, method: "drawn from the probabilities"))
  }

  private static func innerEdges(_ scores: [Double], _ binning: Binning) throws(NotEstimable) -> [Double] {
    switch binning {
    case .equalWidth(let bins):
      guard bins > 0 else { throw .badSetting("at least one bin is needed, found \(bins)") }
      return (1..<max(bins, 1)).map { Double($0) / Double(bins) }
    case .quantiles(let bins):
      guard bins > 0 else { throw .badSetting("at least one bin is needed, found \(bins)") }
      let sorted = scores.sorted()
      // In whole numbers, so that an edge that falls on a case is that case's score exactly.
      return (1..<max(bins, 1)).map { bin in
        let (below, rest) = (bin * (sorted.count - 1)).quotientAndRemainder(dividingBy: bins)
        guard rest > 0 else { return sorted[below] }
        return sorted[below] + Double(rest) / Double(bins) * (sorted[below + 1] - sorted[below])
      }
    }
  }
}
