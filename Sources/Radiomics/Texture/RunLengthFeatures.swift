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
    let skipsFlat = lesion.settings.reading == .pyradiomics && !lesion.settings.aggregation.isMerged
    let rows = lesion.lines.map { lines in
      // A direction in which no line meets two voxels counts nothing, as in pyradiomics.
      let isFlat = lines.pairs.isEmpty && !lines.directions.contains { hasLines(levels, $0, lines.part) }
      let runs = skipsFlat && isFlat ? [] : lines.runs
      return CountMatrix(runs.map { ($0.level, $0.length, $0.frequency) }, levels.values).features.all
    }
    return MatrixMean.mean(rows, count: features.count)
  }

  /// Whether any line in a direction meets two voxels.
  private static func hasLines(_ levels: GreyLevels, _ direction: SIMD3<Int>, _ part: Range<Int>) -> Bool {
    let axis = direction.x != 0 ? 0 : direction.y != 0 ? 1 : 2
    var seen: Set<SIMD3<Int>> = []
    for place in levels.spans[part].joined() {
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
