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
  /// The part due to differences within bins.
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

  /// The score with its interval on the logit's scale, by the variance between clusters; throws also where that is zero.
  ///
  /// Student's t has one degree of freedom less than there are clusters.
  public static func estimate(_ cases: Cases, level: Double = 0.95) throws(NotEstimable) -> Estimate {
    try cases.check(bothClasses: false, probabilities: true)
    try check(level: level)
    let members = ClusterDraws(cases.clusters)
    let clusters = Double(members.count)
    guard clusters > 1 else { throw .tooFewClusters(found: members.count, needed: 2, of: "patients") }
    let squares = Self.squares(cases)
    let score = Aggregate.mean(squares)
    let deviations = members.sums(squares.map { $0 - score })
    let variance = clusters / (clusters - 1) * deviations.reduce(0) { $0 + $1 * $1 }
    let error = variance.squareRoot() / Double(cases.count)
    guard error > 1e-9, let limits = LogitScale.limits(score, error, level, clusters - 1) else {
      throw .noVariation("the squared distances do not vary between these patients")
    }
    return Estimate(
      value: score,
      interval: Interval(lower: limits.lower, upper: limits.upper, level: level, method: "logit, t over patients"))
  }

  private static func squares(_ cases: Cases) -> [Double] {
    zip(cases.labels, cases.scores).map { ($1 - ($0 ? 1 : 0)) * ($1 - ($0 ? 1 : 0)) }
  }
}
