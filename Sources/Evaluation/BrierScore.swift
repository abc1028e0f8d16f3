/// The mean squared distance of probability and outcome, and what it is made of; lower is better.
///
/// `value` = reliability - resolution + uncertainty + withinBins. Sources: Brier, Monthly Weather Review 1950; Murphy, Journal
/// of Applied Meteorology 1973; Stephenson, Coelho and Jolliffe, Weather and Forecasting 2008 (the part within the bins).
public struct BrierScore: Equatable, Sendable {
  /// The score, in 0...1.
  public let value: Double
  /// How far the bins' observed shares lie from what was predicted; 0 is ideal.
  public let reliability: Double
  /// How far the bins' observed shares lie from the overall share; more is better.
  public let resolution: Double
  /// The score of predicting the overall share for everyone.
  public let uncertainty: Double
  /// What the differences within bins leave.
  public let withinBins: Double

  /// Computes the score; throws where there is no case, or a score isn't a probability.
  public init(_ cases: Cases, binning: ReliabilityCurve.Binning = .quantiles(10)) throws(NotEstimable) {
    let curve = try ReliabilityCurve(cases, binning: binning)
    let share = Double(cases.positives) / Double(cases.count)
    value = Aggregate.mean(Self.squares(cases))
    reliability = curve.meanOverBins { ($0.predicted - $0.share) * ($0.predicted - $0.share) }
    resolution = curve.meanOverBins { ($0.share - share) * ($0.share - share) }
    uncertainty = share * (1 - share)
    withinBins = value - (reliability - resolution + uncertainty)
  }

  /// The score with its percentile interval over draws of whole clusters; throws also where these can't tell a width.
  public static func estimate(
    _ cases: Cases, level: Double = 0.95, samples: Int = 2000, seed: UInt64 = 1
  ) throws(NotEstimable) -> Estimate {
    try cases.check(bothClasses: false, probabilities: true)
    let draws = ClusterDraws(cases.clusters)
    let squares = draws.sums(Self.squares(cases))
    let counts = draws.sums(cases.labels.map { _ in 1 })
    let interval = try draws.interval(level: level, samples: samples, seed: seed) { times in
      var (sum, count) = (0.0, 0.0)
      for cluster in times.indices {
        sum += Double(times[cluster]) * squares[cluster]
        count += Double(times[cluster]) * counts[cluster]
      }
      return sum / count
    }
    return Estimate(value: Aggregate.mean(Self.squares(cases)), interval: interval)
  }

  private static func squares(_ cases: Cases) -> [Double] {
    zip(cases.labels, cases.scores).map { ($1 - ($0 ? 1 : 0)) * ($1 - ($0 ? 1 : 0)) }
  }
}
