/// The distribution of a lesion's grey levels (IBSI 1, section 3.4).
enum HistogramFeatures: FeatureFamily {
  static let name = "histogram"

  static let features = [
    "Mean", "Variance", "Skewness", "Kurtosis", "Median", "Minimum", "10Percentile", "90Percentile", "Maximum", "Mode",
    "InterquartileRange", "Range", "MeanAbsoluteDeviation", "RobustMeanAbsoluteDeviation", "MedianAbsoluteDeviation",
    "CoefficientOfVariation", "QuartileCoefficientOfDispersion", "Entropy", "Uniformity", "MaximumGradient",
    "MaximumGradientLevel", "MinimumGradient", "MinimumGradientLevel",
  ].map { FeatureDefinition($0) }

  static func values(of lesion: PreparedLesion) -> [Double] {
    let levels = lesion.levels
    let ordered = OrderedValues(levels.spans.joined().map { levels.values[Int(levels.grid[$0]) - 1] })
    let moments = Moments(ordered)
    // All levels up to the highest, those that do not occur too.
    var counts = [Double](repeating: 0, count: Int(levels.levelCount))
    for value in ordered.values { counts[Int(value) - 1] += 1 }
    let shares = counts.map { $0 / Double(ordered.values.count) }
    let mean = moments.mean
    // The most frequent level; of several, the one closest to the mean.
    let most = counts.max() ?? 0
    let mode =
      counts.indices.filter { counts[$0] == most }.map { Double($0 + 1) }
      .min { abs($0 - mean) < abs($1 - mean) } ?? .nan
    let gradients = Self.gradients(counts)
    let steepest = gradients.indices.max { gradients[$0] < gradients[$1] } ?? 0
    let lowest = gradients.indices.min { gradients[$0] < gradients[$1] } ?? 0
    return [
      mean, moments.variance, moments.skewness, moments.kurtosis - 3, ordered.percentile(50), ordered.least,
      ordered.percentile(10), ordered.percentile(90), ordered.most, mode,
      ordered.percentile(75) - ordered.percentile(25), ordered.most - ordered.least,
      moments.absolute, moments.robust,
    ] + ordered.dispersion + [
      Entropy.bits(shares.filter { $0 > 0 }), shares.reduce(0) { $0 + $1 * $1 }, gradients[steepest],
      Double(steepest + 1), gradients[lowest], Double(lowest + 1),
    ]
  }

  /// Half of the difference of both neighbours, and at the ends the difference from the one.
  private static func gradients(_ counts: [Double]) -> [Double] {
    guard counts.count > 1 else { return [0] }
    return counts.indices.map { index in
      if index == 0 { return counts[1] - counts[0] }
      if index == counts.count - 1 { return counts[index] - counts[index - 1] }
      return (counts[index + 1] - counts[index - 1]) / 2
    }
  }
}
