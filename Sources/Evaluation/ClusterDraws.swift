import Support

/// Percentile intervals of any statistic over draws of whole clusters (patients), with replacement.
///
/// Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13; clusters drawn whole as in Field and
/// Welsh, Journal of the Royal Statistical Society B 2007.
struct ClusterDraws {
  /// The cluster of each case, numbered by first appearance.
  let clusterOf: [Int]
  /// How many clusters there are.
  let count: Int

  init(_ clusters: [String]) {
    var numbers: [String: Int] = [:]
    clusterOf = clusters.map { cluster in
      let number = numbers[cluster] ?? numbers.count
      numbers[cluster] = number
      return number
    }
    count = numbers.count
  }

  /// A zero for each cluster.
  var zeros: [Double] { [Double](repeating: 0, count: count) }

  /// The sums of `values` (one for each case) within each cluster.
  func sums(_ values: [Double]) -> [Double] {
    var sums = zeros
    for (cluster, value) in zip(clusterOf, values) { sums[cluster] += value }
    return sums
  }

  /// What `statistic` gives for each of `samples` draws; its argument is how often each cluster was drawn.
  ///
  /// Draws for which it is undefined are repeated, up to 20 times as many draws in total. Throws where there are fewer than two
  /// clusters, or too few draws leave the statistic defined.
  func values(samples: Int, seed: UInt64, _ statistic: ([Int]) -> Double?) throws(NotEstimable) -> [Double] {
    guard count > 1 else { throw .tooFewClusters(found: count, needed: 2, of: "patients") }
    guard samples > 0 else { throw .badSetting("the bootstrap needs at least one draw, found \(samples)") }
    var generator = SplitMix64(seed: seed)
    var results: [Double] = []
    results.reserveCapacity(samples)
    for _ in 0..<(20 * samples) where results.count < samples {
      if let value = statistic(ClusterBootstrap.multiplicities(of: count, using: &generator)) { results.append(value) }
    }
    guard results.count == samples else { throw .undefinedDraws(defined: results.count, of: samples) }
    return results
  }

  /// The percentile interval of `statistic`; throws also where all draws agree, which does not mean certainty.
  func interval(
    level: Double, samples: Int, seed: UInt64, _ statistic: ([Int]) -> Double?
  ) throws(NotEstimable) -> Interval {
    try check(level: level)
    return try Self.interval(of: try values(samples: samples, seed: seed, statistic), level: level)
  }

  /// The standard deviation of what two or more draws gave: the statistic's standard error.
  static func deviation(of values: [Double]) -> Double {
    let mean = Aggregate.mean(values)
    return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, values.count - 1))).squareRoot()
  }

  /// The percentile interval of what the draws gave.
  static func interval(of values: [Double], level: Double) throws(NotEstimable) -> Interval {
    let sorted = values.sorted()
    let lower = Quantile.value(0.5 - level / 2, ofSorted: sorted)
    let upper = Quantile.value(0.5 + level / 2, ofSorted: sorted)
    // What rounding leaves is no width.
    guard upper - lower > 1e-9 else { throw .noVariation("every draw of patients gives the same value") }
    return Interval(lower: lower, upper: upper, level: level, method: "bootstrap over patients")
  }
}

/// The decisions of each cluster at a threshold, ready to be drawn.
struct ClusterCounts {
  /// The clusters.
  let draws: ClusterDraws
  private let matrices: [ConfusionMatrix]

  init(_ cases: Cases, threshold: Double) {
    self.init(cases, calls: cases.scores.map { $0 >= threshold })
  }

  init(_ cases: Cases, calls: [Bool]) {
    draws = ClusterDraws(cases.clusters)
    var counts = [[Int]](repeating: [0, 0, 0, 0], count: draws.count)
    for (index, cluster) in draws.clusterOf.enumerated() {
      counts[cluster][(cases.labels[index] ? 2 : 0) + (calls[index] ? 1 : 0)] += 1
    }
    matrices = counts.map {
      ConfusionMatrix(truePositives: $0[3], falsePositives: $0[1], trueNegatives: $0[0], falseNegatives: $0[2])
    }
  }

  /// The decisions where each cluster counts as often as it was drawn.
  func matrix(_ multiplicities: [Int]) -> ConfusionMatrix {
    var counts = (0, 0, 0, 0)
    for (matrix, times) in zip(matrices, multiplicities) where times > 0 {
      counts.0 += times * matrix.truePositives
      counts.1 += times * matrix.falsePositives
      counts.2 += times * matrix.trueNegatives
      counts.3 += times * matrix.falseNegatives
    }
    return ConfusionMatrix(
      truePositives: counts.0, falsePositives: counts.1, trueNegatives: counts.2, falseNegatives: counts.3)
  }
}
