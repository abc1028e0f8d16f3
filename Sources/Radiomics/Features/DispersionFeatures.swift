/// How far values spread, as IBSI measures it besides what `firstorder` has (IBSI 1, section 3.3).
enum DispersionFeatures: FeatureFamily {
  static let name = "dispersion"

  static let features = [
    FeatureDefinition("MedianAbsoluteDeviation", "HU"), FeatureDefinition("CoefficientOfVariation"),
    FeatureDefinition("QuartileCoefficientOfDispersion"),
  ]

  static func values(of lesion: PreparedLesion) -> [Double] { lesion.ordered.dispersion }
}

extension OrderedValues {
  /// The mean distance from the median, the deviation as a share of the mean, and the quartiles' distance as a share of their sum.
  var dispersion: [Double] {
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    let median = percentile(50)
    let (low, high) = (percentile(25), percentile(75))
    return [
      values.reduce(0) { $0 + abs($1 - median) } / count, variance.squareRoot() / mean, (high - low) / (high + low),
    ]
  }
}
