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
      let zones = Zones(levels, part, in: aggregation.directions)
      return CountMatrix(pairs: zones.zones.map { CountMatrix.pair($0.level, $0.size) }, levels.values).features.all
    }
    return MatrixMean.mean(rows, count: features.count)
  }
}

/// The connected voxels of one level.
struct Zones {
  /// By zone: the place of its level, from 1, the number of its voxels, and the least distance that any of them has.
  private(set) var zones: [(level: Int32, size: Int, distance: Int)] = []

  /// Finds the zones of some spans of the voxels, whose neighbours lie in the directions and their opposites.
  ///
  /// `distances` are by place in the grid; none where they do not matter.
  init(_ levels: GreyLevels, _ part: Range<Int>, in directions: [SIMD3<Int>], _ distances: [Int32] = []) {
    let steps = directions.map(levels.stride).flatMap { [$0, -$0] }
    // What was visited is outside; the voxels of other parts are no neighbours within a slice.
    var grid = levels.grid
    var pending: [Int] = []
    grid.withUnsafeMutableBufferPointer { grid in
      for start in levels.spans[part].joined() {
        let level = grid[start]
        guard level != 0 else { continue }
        grid[start] = 0
        pending.append(start)
        var size = 0
        var distance = Int32.max
        while let place = pending.popLast() {
          size += 1
          if !distances.isEmpty { distance = min(distance, distances[place]) }
          for step in steps where grid[place + step] == level {
            grid[place + step] = 0
            pending.append(place + step)
          }
        }
        zones.append((level, size, Int(distance)))
      }
    }
  }
}
