import Foundation

/// A confidence interval, and the name of the method that made it.
public struct Interval: Codable, Equatable, Sendable {
  /// The lower limit.
  public let lower: Double
  /// The upper limit.
  public let upper: Double
  /// The confidence level, such as 0.95.
  public let level: Double
  /// How it was made, in a few words.
  public let method: String

  /// Makes an interval from its parts.
  public init(lower: Double, upper: Double, level: Double, method: String) {
    self.lower = lower
    self.upper = upper
    self.level = level
    self.method = method
  }

  /// The distance of the limits.
  public var width: Double { upper - lower }

  /// Whether `value` lies within, limits included.
  public func contains(_ value: Double) -> Bool { lower <= value && value <= upper }
}

/// Wilson's score interval of a proportion.
///
/// Sources: Wilson, JASA 1927; for clustered cases with the effective sample size of Rao and Scott, Biometrics 1992, and the
/// degrees of freedom of Korn and Graubard, Survey Methodology 1998.
public enum WilsonInterval {
  /// The interval of `successes` in `trials` independent cases; nil for no cases.
  public static func of(_ successes: Int, in trials: Int, level: Double = 0.95) -> Interval? {
    guard trials > 0, (0...trials).contains(successes) else { return nil }
    return interval(Double(successes) / Double(trials), Double(trials), level, "Wilson")
  }

  /// The interval of the share of successes among cases that come in clusters; nil for no cases.
  ///
  /// The more alike the cases of a cluster are, the smaller the effective sample size: the number of cases is divided by the design
  /// effect, which is the ratio estimator's variance between clusters over that of independent cases, and multiplied by (z/t)
  /// squared, because that variance is estimated from a finite number of clusters. Where all cases agree, that variance is 0, and each
  /// cluster counts as one case. Where each cluster is one case, it is `of(_:in:)`.
  public static func of(_ successes: [Bool], clusters: [String], level: Double = 0.95) -> Interval? {
    guard !successes.isEmpty, successes.count == clusters.count else { return nil }
    var tallies: [String: (successes: Double, trials: Double)] = [:]
    for (success, cluster) in zip(successes, clusters) {
      let tally = tallies[cluster] ?? (0, 0)
      tallies[cluster] = (tally.successes + (success ? 1 : 0), tally.trials + 1)
    }
    let trials = Double(successes.count)
    let clusterCount = Double(tallies.count)
    if tallies.count == successes.count { return of(successes.count { $0 }, in: successes.count, level: level) }
    let share = Double(successes.count { $0 }) / trials
    // Sorted, since floating-point sums depend on their order and a dictionary's order is random.
    let deviations = tallies.values.map { $0.successes - share * $0.trials }.sorted()
    let variance = clusterCount / (clusterCount - 1) * deviations.reduce(0) { $0 + $1 * $1 } / (trials * trials)
    let independent = share * (1 - share) / trials
    let isInformative = tallies.count > 1 && independent > 0
    guard isInformative else {
      return interval(share, clusterCount, level, "Wilson, effective sample size over patients")
    }
    let ratio = Normal.quantile(0.5 + level / 2) / StudentT.quantile(0.5 + level / 2, degrees: clusterCount - 1)
    let effective = trials / max(1, variance / independent) * ratio * ratio
    return interval(share, effective, level, "Wilson, effective sample size over patients")
  }

  private static func interval(_ share: Double, _ trials: Double, _ level: Double, _ method: String) -> Interval {
    let z = Normal.quantile(0.5 + level / 2)
    let denominator = 1 + z * z / trials
    let centre = (share + z * z / (2 * trials)) / denominator
    let half = z / denominator * (share * (1 - share) / trials + z * z / (4 * trials * trials)).squareRoot()
    // At no and at all successes one limit is the share itself, which rounding would miss.
    return Interval(
      lower: share == 0 ? 0 : max(0, centre - half), upper: share == 1 ? 1 : min(1, centre + half), level: level,
      method: method)
  }
}

/// The standard normal distribution.
enum Normal {
  /// The value below which a share `probability` of the distribution lies; `probability` in 0...1.
  static func quantile(_ probability: Double) -> Double {
    guard probability > 0 else { return -.infinity }
    guard probability < 1 else { return .infinity }
    var (low, high) = (-40.0, 40.0)
    while true {
      let middle = (low + high) / 2
      if middle == low || middle == high { return middle }
      if erfc(-middle / 2.0.squareRoot()) / 2 < probability { low = middle } else { high = middle }
    }
  }
}
