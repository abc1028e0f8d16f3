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
    let sorted = SortedValues(lesion.values)
    let values = sorted.values
    let count = Double(values.count)
    let energy = values.reduce(0) { $0 + $1 * $1 }
    let moments = Moments(sorted)
    let excess = lesion.settings.reading == .ibsi ? 3.0 : 0
    let spacing = lesion.image.spacing
    let shares = shares(lesion.levels)
    return [
      energy, energy * spacing.x * spacing.y * spacing.z, Entropy.bits(shares), values[0], sorted.percentile(10),
      sorted.percentile(90),
      values[values.count - 1], moments.mean, sorted.percentile(50), sorted.percentile(75) - sorted.percentile(25),
      values[values.count - 1] - values[0], moments.absolute, moments.robust, (energy / count).squareRoot(),
      moments.skewness, moments.kurtosis - excess, moments.variance,
      shares.reduce(0) { $0 + $1 * $1 },
    ]
  }

  /// The share of each grey level.
  private static func shares(_ levels: GreyLevels) -> [Double] {
    var counts = [Int](repeating: 0, count: levels.values.count)
    for voxel in levels.voxels { counts[Int(levels.grid[Int(voxel)]) - 1] += 1 }
    return counts.map { Double($0) / Double(levels.voxels.count) }
  }
}

/// Finite values in rising order.
struct SortedValues {
  /// The values.
  let values: [Double]

  /// Sorts values by the digits of their bits, which is several times as fast as comparing them.
  init(_ values: [Double]) {
    guard values.count > 256 else {
      self.values = values.sorted()
      return
    }
    // Bits that rise as the values do: negative numbers count backwards.
    var keys = values.map { value -> UInt64 in
      let bits = value.bitPattern
      return bits >> 63 == 1 ? ~bits : bits | 1 << 63
    }
    var sorted = keys
    for shift in stride(from: 0, to: 64, by: 11) {
      var starts = [Int](repeating: 0, count: 2049)
      for key in keys { starts[Int(key >> UInt64(shift) & 2047) + 1] += 1 }
      if starts.contains(keys.count) { continue }
      for digit in 1...2048 { starts[digit] += starts[digit - 1] }
      for key in keys {
        let digit = Int(key >> UInt64(shift) & 2047)
        sorted[starts[digit]] = key
        starts[digit] += 1
      }
      swap(&keys, &sorted)
    }
    self.values = keys.map { Double(bitPattern: $0 >> 63 == 1 ? $0 & ~(1 << 63) : ~$0) }
  }

  /// A percentile, by linear interpolation (numpy's `linear`).
  func percentile(_ percent: Double) -> Double { Quantile.value(percent / 100, ofSorted: values) }
}
