internal import Support

/// The distribution of a lesion's values, wherever they lie (IBSI 1, section 3.3).
enum FirstOrderFeatures: FeatureFamily {
  static let name = "firstorder"

  static let features = [
    FeatureDefinition("Energy", "HU2"), FeatureDefinition("TotalEnergy", "HU2 mm3"),
    FeatureDefinition("Entropy", "bit"), FeatureDefinition("Minimum", "HU"), FeatureDefinition("10Percentile", "HU"),
    FeatureDefinition("90Percentile", "HU"), FeatureDefinition("Maximum", "HU"), FeatureDefinition("Mean", "HU"),
    FeatureDefinition("Median", "HU"), FeatureDefinition("InterquartileRange", "HU"), FeatureDefinition("Range", "HU"),
    FeatureDefinition("MeanAbsoluteDeviation", "HU"), FeatureDefinition("RobustMeanAbsoluteDeviation", "HU"),
    FeatureDefinition("RootMeanSquared", "HU"), FeatureDefinition("Skewness"), FeatureDefinition("Kurtosis"),
    FeatureDefinition("Variance", "HU2"), FeatureDefinition("Uniformity"),
  ]

  static func values(of lesion: PreparedLesion) -> [Double] {
    let values = lesion.ordered
    let count = Double(values.values.count)
    let energy = values.values.reduce(0) { $0 + $1 * $1 }
    let moments = Moments(values)
    let excess = lesion.settings.reading == .ibsi ? 3.0 : 0
    let spacing = lesion.surroundings.spacing
    let shares = shares(lesion.levels)
    return [
      energy, energy * spacing.x * spacing.y * spacing.z, Entropy.bits(shares), values.least, values.percentile(10),
      values.percentile(90), values.most, moments.mean, values.percentile(50),
      values.percentile(75) - values.percentile(25), values.most - values.least, moments.absolute, moments.robust,
      (energy / count).squareRoot(), moments.skewness, moments.kurtosis - excess, moments.variance,
      shares.reduce(0) { $0 + $1 * $1 },
    ]
  }

  /// The share of each grey level.
  private static func shares(_ levels: GreyLevels) -> [Double] {
    let frequencies = levels.frequencies(0..<levels.spans.count)
    let count = Double(frequencies.reduce(0, +))
    return frequencies.map { Double($0) / count }
  }
}
