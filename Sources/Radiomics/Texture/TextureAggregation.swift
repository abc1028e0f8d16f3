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

  /// Half of the directions to neighbours: 13, or 4 within a slice.
  var directions: [SIMD3<Int>] { Self.halfSpace.filter { isVolume || $0.z == 0 } }

  /// The matrices: which directions and which of the voxels each counts.
  func matrices(_ levels: GreyLevels) -> [(directions: [SIMD3<Int>], voxels: Range<Int>)] {
    let all = 0..<levels.voxels.count
    switch self {
    case .volume, .planes: return directions.map { ([$0], all) }
    case .volumeMerged, .planesMerged: return [(directions, all)]
    case .slices: return occupied(levels).flatMap { slice in directions.map { ([$0], slice) } }
    case .slicesMerged: return occupied(levels).map { (directions, $0) }
    }
  }

  /// The parts of the voxels that have a matrix of their own, where a matrix knows no directions.
  func parts(_ levels: GreyLevels) -> [Range<Int>] {
    isBySlice ? occupied(levels) : [0..<levels.voxels.count]
  }

  private func occupied(_ levels: GreyLevels) -> [Range<Int>] { levels.slices.filter { !$0.isEmpty } }

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
