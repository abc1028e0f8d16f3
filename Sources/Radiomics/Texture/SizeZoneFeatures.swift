/// Grey-level size-zone matrix: how many connected voxels have one level (IBSI 1, section 3.8).
enum SizeZoneFeatures: FeatureFamily {
  static let name = "glszm"

  static let features = [
    "SmallAreaEmphasis", "LargeAreaEmphasis", "GrayLevelNonUniformity", "GrayLevelNonUniformityNormalized",
    "SizeZoneNonUniformity", "SizeZoneNonUniformityNormalized", "ZonePercentage", "GrayLevelVariance", "ZoneVariance",
    "ZoneEntropy", "LowGrayLevelZoneEmphasis", "HighGrayLevelZoneEmphasis", "SmallAreaLowGrayLevelEmphasis",
    "SmallAreaHighGrayLevelEmphasis", "LargeAreaLowGrayLevelEmphasis", "LargeAreaHighGrayLevelEmphasis",
  ].map { FeatureDefinition($0) }

  static func values(of lesion: PreparedLesion) -> [Double] {
    let levels = lesion.levels
    let aggregation = lesion.settings.aggregation
    let rows = aggregation.parts(levels).map { part in
      let zones = Zones(levels, part, aggregation)
      return CountMatrix(pairs: zones.zones.map { CountMatrix.pair($0.level, $0.size) }, levels.values).features.all
    }
    return MatrixMean.mean(rows, count: features.count)
  }
}
