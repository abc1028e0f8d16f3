/// Grey-level dependence matrix: how many neighbours of a voxel have its level (IBSI 1, section 3.11, with a coarseness of 0).
enum DependenceFeatures: FeatureFamily {
  static let name = "gldm"

  static let features = [
    "SmallDependenceEmphasis", "LargeDependenceEmphasis", "GrayLevelNonUniformity", "DependenceNonUniformity",
    "DependenceNonUniformityNormalized", "GrayLevelVariance", "DependenceVariance", "DependenceEntropy",
    "LowGrayLevelEmphasis", "HighGrayLevelEmphasis", "SmallDependenceLowGrayLevelEmphasis",
    "SmallDependenceHighGrayLevelEmphasis", "LargeDependenceLowGrayLevelEmphasis",
    "LargeDependenceHighGrayLevelEmphasis",
  ].map { FeatureDefinition($0) }

  static func values(of lesion: PreparedLesion) -> [Double] {
    let rows = matrices(lesion).map { found in
      [
        found.shortEmphasis, found.longEmphasis, found.levelNonUniformity, found.countNonUniformity,
        found.countNonUniformityNormalised, found.levelVariance, found.countVariance, found.entropy,
        found.lowLevelEmphasis, found.highLevelEmphasis, found.shortLowEmphasis, found.shortHighEmphasis,
        found.longLowEmphasis, found.longHighEmphasis,
      ]
    }
    return MatrixMean.mean(rows, count: features.count)
  }

  /// The features of each matrix.
  fileprivate static func matrices(_ lesion: PreparedLesion) -> [CountMatrix.Features] {
    lesion.neighbourhoods.map { CountMatrix($0.equal, width: $0.width, lesion.levels.values).features }
  }
}

/// What IBSI computes of the dependence matrix besides.
enum FurtherDependenceFeatures: FeatureFamily {
  static let name = "ngldm"

  static let features = [
    "GrayLevelNonUniformityNormalized", "DependenceCountPercentage", "DependenceCountEnergy",
  ].map { FeatureDefinition($0) }

  static func values(of lesion: PreparedLesion) -> [Double] {
    // Each voxel has one neighbourhood.
    let rows = DependenceFeatures.matrices(lesion).map { [$0.levelNonUniformityNormalised, 1, $0.energy] }
    return MatrixMean.mean(rows, count: features.count)
  }
}
