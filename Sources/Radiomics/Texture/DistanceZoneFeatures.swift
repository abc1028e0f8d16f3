/// Grey-level distance-zone matrix: how far zones of one level are from the lesion's border (IBSI 1, section 3.9).
enum DistanceZoneFeatures: FeatureFamily {
  static let name = "gldzm"

  static let features = [
    "SmallDistanceEmphasis", "LargeDistanceEmphasis", "GrayLevelNonUniformity", "GrayLevelNonUniformityNormalized",
    "ZoneDistanceNonUniformity", "ZoneDistanceNonUniformityNormalized", "ZonePercentage", "GrayLevelVariance",
    "ZoneDistanceVariance", "ZoneDistanceEntropy", "LowGrayLevelEmphasis", "HighGrayLevelEmphasis",
    "SmallDistanceLowGrayLevelEmphasis", "SmallDistanceHighGrayLevelEmphasis", "LargeDistanceLowGrayLevelEmphasis",
    "LargeDistanceHighGrayLevelEmphasis",
  ].map { FeatureDefinition($0) }

  static func values(of lesion: PreparedLesion) -> [Double] {
    let levels = lesion.levels
    let aggregation = lesion.settings.aggregation
    let distances = BorderDistances(levels, outline: lesion.outline, inPlane: !aggregation.isVolume).distances
    let rows = aggregation.parts(levels).map { part in
      let zones = Zones(levels, part, aggregation, distances)
      let pairs = zones.zones.map { CountMatrix.pair($0.level, Int($0.distance)) }
      var features = CountMatrix(pairs: pairs, levels.values).features
      features.percentage = Double(zones.zones.count) / Double(levels.frequencies(part).reduce(0, +))
      return features.all
    }
    return MatrixMean.mean(rows, count: features.count)
  }
}

/// How many steps each voxel is from the outside of the lesion as it was outlined; 1 at its border.
struct BorderDistances {
  /// By place in the grid of levels.
  private(set) var distances: [Int32]

  /// `outline` is the outlined lesion in its box; neighbours share a face, in the slice alone where `inPlane`.
  init(_ levels: GreyLevels, outline: [Bool], inPlane: Bool) {
    let mask = levels.bordered(outline)
    let steps = [SIMD3(1, 0, 0), [0, 1, 0], [0, 0, 1]].prefix(inPlane ? 2 : 3).map(levels.stride).flatMap { [$0, -$0] }
    distances = [Int32](repeating: 0, count: mask.count)
    var front = mask.indices.filter { place in mask[place] && steps.contains { !mask[place + $0] } }
    for place in front { distances[place] = 1 }
    var distance: Int32 = 1
    while !front.isEmpty {
      distance += 1
      var next: [Int] = []
      for place in front {
        for step in steps where mask[place + step] && distances[place + step] == 0 {
          distances[place + step] = distance
          next.append(place + step)
        }
      }
      front = next
    }
  }
}
