/// Where texture is looked for, and how the matrices of directions and slices are merged (IBSI 1, section 3.6).
public enum TextureAggregation: String, Codable, Sendable, CaseIterable {
  /// In 3D: a feature is the mean over the 13 directions (IBSI: `3D:avg`); pyradiomics' usual way.
  case volume
  /// In 3D, all directions in one matrix (`3D:mrg`).
  case volumeMerged
  /// By slice: the mean over slices and their 4 directions (`2D:avg`).
  case slices
  /// By slice, the 4 directions of a slice in one matrix: the mean over slices (`2D:smrg`).
  case slicesMerged
  /// In the slices' planes, all slices in one matrix: the mean over the 4 directions (`2.5D:dmrg`); pyradiomics' `force2D`.
  case planes
  /// In the slices' planes, all in one matrix (`2.5D:vmrg`).
  case planesMerged

  /// Whether neighbours lie in all directions, or in their slice alone.
  var isVolume: Bool { self == .volume || self == .volumeMerged }
  /// Whether each slice has matrices of its own.
  var isBySlice: Bool { self == .slices || self == .slicesMerged }
  /// Whether all directions share a matrix.
  var isMerged: Bool { self == .volumeMerged || self == .slicesMerged || self == .planesMerged }

  /// Half of the directions to neighbours: 13, or 4 within a slice.
  var directions: [SIMD3<Int>] { Self.halfSpace.filter { isVolume || $0.z == 0 } }

  /// The directions that are counted in one matrix: each by itself, or all.
  var matrices: [[SIMD3<Int>]] { isMerged ? [directions] : directions.map { [$0] } }

  /// The parts of the lesion that have matrices of their own, as spans of its voxels.
  func parts(_ levels: GreyLevels) -> [Range<Int>] {
    isBySlice ? levels.slices.filter { !$0.isEmpty } : [0..<levels.spans.count]
  }

  private static let halfSpace: [SIMD3<Int>] = {
    var steps: [SIMD3<Int>] = []
    for z in -1...1 {
      for y in -1...1 {
        for x in -1...1 where z > 0 || (z == 0 && (y > 0 || (y == 0 && x > 0))) { steps.append(SIMD3(x, y, z)) }
      }
    }
    return steps
  }()
}
