/// Grey-level run-length matrix: how long voxels in a row have one level (IBSI 1, section 3.7).
enum RunLengthFeatures: FeatureFamily {
  static let name = "glrlm"

  static let features = [
    "ShortRunEmphasis", "LongRunEmphasis", "GrayLevelNonUniformity", "GrayLevelNonUniformityNormalized",
    "RunLengthNonUniformity", "RunLengthNonUniformityNormalized", "RunPercentage", "GrayLevelVariance", "RunVariance",
    "RunEntropy", "LowGrayLevelRunEmphasis", "HighGrayLevelRunEmphasis", "ShortRunLowGrayLevelEmphasis",
    "ShortRunHighGrayLevelEmphasis", "LongRunLowGrayLevelEmphasis", "LongRunHighGrayLevelEmphasis",
  ].map { FeatureDefinition($0) }

  static func values(of lesion: PreparedLesion) -> [Double] {
    let levels = lesion.levels
    let aggregation = lesion.settings.aggregation
    let rows = aggregation.matrices(levels).map { directions, voxels in
      let isMerged = aggregation.rawValue.hasSuffix("Merged")
      let runs = counted(
        levels, directions, voxels, skipsFlat: lesion.settings.reading == .pyradiomics && !isMerged)
      return runs.features.all
    }
    return MatrixMean.mean(rows, count: features.count)
  }

  /// The runs in some directions of the voxels of a part.
  ///
  /// `skipsFlat`: a direction in which no line meets two voxels counts nothing, as in pyradiomics.
  private static func counted(
    _ levels: GreyLevels, _ directions: [SIMD3<Int>], _ part: Range<Int>, skipsFlat: Bool
  ) -> CountMatrix {
    let width = levels.size.max()
    var frequencies = [Int32](repeating: 0, count: levels.values.count * width)
    for direction in directions {
      let step = levels.stride(direction)
      var hasNeighbours = false
      levels.grid.withUnsafeBufferPointer { grid in
        levels.voxels.withUnsafeBufferPointer { voxels in
          frequencies.withUnsafeMutableBufferPointer { frequencies in
            for number in part {
              let start = Int(voxels[number])
              let level = grid[start]
              let before = grid[start - step]
              hasNeighbours = hasNeighbours || before != 0
              // A run begins here unless the voxel before has the same level.
              guard before != level else { continue }
              var end = start + step
              while grid[end] == level { end += step }
              frequencies[Int(level - 1) * width + (end - start) / step - 1] += 1
            }
          }
        }
      }
      if skipsFlat, !hasNeighbours, !hasLines(levels, direction, part) {
        for number in part { frequencies[Int(levels.grid[Int(levels.voxels[number])] - 1) * width] = 0 }
      }
    }
    return CountMatrix(frequencies, width: width, levels.values)
  }

  /// Whether any line in a direction meets two voxels.
  private static func hasLines(_ levels: GreyLevels, _ direction: SIMD3<Int>, _ part: Range<Int>) -> Bool {
    let axis = direction.x != 0 ? 0 : direction.y != 0 ? 1 : 2
    var seen: Set<SIMD3<Int>> = []
    for number in part {
      let place = Int(levels.voxels[number])
      let (row, x) = place.quotientAndRemainder(dividingBy: levels.size.x)
      let (z, y) = row.quotientAndRemainder(dividingBy: levels.size.y)
      let voxel = SIMD3(x, y, z)
      let steps = voxel[axis] * direction[axis]
      guard seen.insert(voxel &- direction &* SIMD3(repeating: steps)).inserted else { return true }
    }
    return false
  }
}

extension CountMatrix.Features {
  /// In the order that run-length and size-zone features have.
  var all: [Double] {
    [
      shortEmphasis, longEmphasis, levelNonUniformity, levelNonUniformityNormalised, countNonUniformity,
      countNonUniformityNormalised, percentage, levelVariance, countVariance, entropy, lowLevelEmphasis,
      highLevelEmphasis, shortLowEmphasis, shortHighEmphasis, longLowEmphasis, longHighEmphasis,
    ]
  }
}
