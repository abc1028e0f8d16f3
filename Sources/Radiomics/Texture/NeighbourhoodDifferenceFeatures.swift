/// Neighbourhood grey-tone difference matrix: how far a voxel's level is from its neighbours' mean (IBSI 1, section 3.10).
enum NeighbourhoodDifferenceFeatures: FeatureFamily {
  static let name = "ngtdm"

  static let features = ["Coarseness", "Contrast", "Busyness", "Complexity", "Strength"].map {
    FeatureDefinition($0)
  }

  static func values(of lesion: PreparedLesion) -> [Double] {
    let levels = lesion.levels
    // IBSI leaves out voxels without neighbours; pyradiomics counts them with a difference of 0.
    let countsAlone = lesion.settings.reading == .pyradiomics
    let rows = lesion.neighbourhoods.map { neighbours in
      var present: [(level: Double, count: Double, difference: Double)] = []
      for place in levels.values.indices {
        let row = place * neighbours.width
        var count = countsAlone ? Int(neighbours.present[row]) : 0
        var difference = 0.0
        for number in 1..<neighbours.width {
          count += Int(neighbours.present[row + number])
          difference += Double(neighbours.differences[row + number]) / Double(number)
        }
        if count > 0 { present.append((levels.values[place], Double(count), difference)) }
      }
      return features(present.map(\.level), present.map(\.count), present.map(\.difference))
    }
    return MatrixMean.mean(rows, count: features.count)
  }

  /// The features of the levels that occur: their values, how many voxels have each, and the sums of the differences.
  private static func features(_ levels: [Double], _ counts: [Double], _ differences: [Double]) -> [Double] {
    let total = counts.reduce(0, +)
    guard total > 0 else { return features.map { _ in .nan } }
    let shares = counts.map { $0 / total }
    let weighted = zip(shares, differences).reduce(0) { $0 + $1.0 * $1.1 }
    let sum = differences.reduce(0, +)
    var (contrast, busyness, complexity, strength) = (0.0, 0.0, 0.0, 0.0)
    for i in levels.indices {
      for j in levels.indices {
        let distance = levels[i] - levels[j]
        contrast += shares[i] * shares[j] * distance * distance
        busyness += abs(levels[i] * shares[i] - levels[j] * shares[j])
        complexity +=
          abs(distance) * (shares[i] * differences[i] + shares[j] * differences[j]) / (shares[i] + shares[j])
        strength += (shares[i] + shares[j]) * distance * distance
      }
    }
    let count = Double(levels.count)
    let pairs = count * (count - 1)
    return [
      weighted == 0 ? 1e6 : 1 / weighted, pairs == 0 ? 0 : contrast * sum / total / pairs,
      busyness == 0 ? 0 : weighted / busyness, complexity / total, sum == 0 ? 0 : strength / sum,
    ]
  }
}
