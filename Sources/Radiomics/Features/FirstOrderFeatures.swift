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
    let mean = values.reduce(0, +) / count
    var (second, third, fourth, absolute) = (0.0, 0.0, 0.0, 0.0)
    for value in values {
      let off = value - mean
      let square = off * off
      second += square
      third += square * off
      fourth += square * square
      absolute += abs(off)
    }
    (second, third, fourth) = (second / count, third / count, fourth / count)
    // A lesion of one value has neither skewness nor kurtosis.
    let divisor = second == 0 ? 1 : second
    let (p10, p90) = (sorted.percentile(10), sorted.percentile(90))
    let middle = values.filter { $0 >= p10 && $0 <= p90 }
    let middleMean = middle.reduce(0, +) / Double(middle.count)
    let robust = middle.reduce(0) { $0 + abs($1 - middleMean) } / Double(middle.count)
    let excess = lesion.settings.reading == .ibsi ? 3.0 : 0
    let spacing = lesion.image.spacing
    let shares = shares(lesion.levels)
    return [
      energy, energy * spacing.x * spacing.y * spacing.z, Entropy.bits(shares), values[0], p10, p90,
      values[values.count - 1], mean, sorted.percentile(50), sorted.percentile(75) - sorted.percentile(25),
      values[values.count - 1] - values[0], absolute / count, robust, (energy / count).squareRoot(),
      third / (divisor * divisor.squareRoot()), fourth / (divisor * divisor) - excess, second,
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

  /// A percentile, between the two nearest values where it falls there (numpy's `linear`).
  func percentile(_ percent: Double) -> Double {
    let place = percent / 100 * Double(values.count - 1)
    let below = Int(place)
    let rest = place - Double(below)
    guard rest > 0 else { return values[below] }
    return values[below] + rest * (values[below + 1] - values[below])
  }
}
