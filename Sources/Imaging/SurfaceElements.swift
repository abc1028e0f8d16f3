/// The surface of a mask as pieces between the centres of eight neighbouring voxels (four pixels in 2D), each with its area.
///
/// The pieces are those of marching cubes, with the triangulation of the package surface-distance (DeepMind; Nikolov et al., Journal of
/// Medical Internet Research 2021;23:e26151); in 2D they are pieces of the outline, and their areas are lengths.
struct SurfaceElements {
  /// By corner of the grid, columns fastest: whether the surface goes through it, and its area there in mm² (mm in 2D).
  let isSurface: [Bool]
  let areas: [Double]
  /// The numbers of corners: one more than voxels along each axis; one in 2D along the slices.
  let size: SIMD3<Int>

  init(_ mask: [Bool], size voxels: SIMD3<Int>, areasByPattern: [Double]) {
    let isFlat = voxels.z == 1
    size = SIMD3(voxels.x + 1, voxels.y + 1, isFlat ? 1 : voxels.z + 1)
    let full = isFlat ? 0b1111 : 0b1111_1111
    var isSurface: [Bool] = []
    var areas: [Double] = []
    isSurface.reserveCapacity(size.x * size.y * size.z)
    areas.reserveCapacity(size.x * size.y * size.z)
    for z in 0..<size.z {
      for y in 0..<size.y {
        for x in 0..<size.x {
          var pattern = 0
          for bit in 0..<(isFlat ? 4 : 8) {
            let (column, row) = (x - 1 + bit & 1, y - 1 + bit >> 1 & 1)
            let slice = isFlat ? 0 : z - 1 + bit >> 2
            guard column >= 0, row >= 0, slice >= 0, column < voxels.x, row < voxels.y, slice < voxels.z else {
              continue
            }
            if mask[(slice * voxels.y + row) * voxels.x + column] { pattern |= 1 << bit }
          }
          isSurface.append(pattern != 0 && pattern != full)
          areas.append(areasByPattern[pattern])
        }
      }
    }
    (self.isSurface, self.areas) = (isSurface, areas)
  }

  /// The distances in mm of both surfaces' pieces to the nearest of the other, with the pieces' areas, by rising distance.
  static func distances(
    _ first: [Bool], _ second: [Bool], size: SIMD3<Int>, spacing: SIMD3<Double>
  ) -> (firstToSecond: [(distance: Double, area: Double)], secondToFirst: [(distance: Double, area: Double)]) {
    let areas = size.z == 1 ? lengths(spacing) : areas(spacing)
    let (one, other) = (
      Self(first, size: size, areasByPattern: areas), Self(second, size: size, areasByPattern: areas)
    )
    func distances(_ from: Self, _ to: Self) -> [(distance: Double, area: Double)] {
      let squares = SquaredDistances.to(to.isSurface, size: to.size, spacing: spacing)
      return from.isSurface.indices.filter { from.isSurface[$0] }
        .map { (distance: squares[$0].squareRoot(), area: from.areas[$0]) }.sorted { $0 < $1 }
    }
    return (distances(one, other), distances(other, one))
  }

  // MARK: Areas by pattern; bit 4z + 2y + x of a pattern says whether the voxel at that corner of the cube is inside

  /// The patterns of a cube up to turning, mirroring and exchanging inside and outside.
  ///
  /// Each has, in this order, the number of triangles that cut off one corner; by axis (columns, rows, slices), that of triangles
  /// parallel to the axis across the cube's half; and by axis, half the cube's face across it.
  private static let patterns: [(pattern: Int, corners: Double, along: SIMD3<Double>, across: SIMD3<Double>)] = [
    (0b0000_0001, 1, .zero, .zero), (0b0000_0011, 0, [2, 0, 0], .zero), (0b0000_0110, 2, .zero, .zero),
    (0b0000_0111, 3, .zero, [0, 0, 1]), (0b0000_1111, 0, .zero, [0, 0, 2]), (0b0001_0110, 3, .zero, .zero),
    (0b0001_0111, 6, .zero, .zero), (0b0001_1000, 2, .zero, .zero), (0b0001_1001, 1, [0, 0, 2], .zero),
    (0b0001_1011, 4, [0, 1, 1], .zero), (0b0001_1110, 4, .zero, [0, 0, 1]), (0b0011_1100, 0, [4, 0, 0], .zero),
    (0b0110_1001, 4, .zero, .zero),
  ]

  private static func areas(_ spacing: SIMD3<Double>) -> [Double] {
    let faces = SIMD3(spacing.y * spacing.z, spacing.x * spacing.z, spacing.x * spacing.y)
    let corner = faces.dot(faces).squareRoot() / 8
    // By axis: two of these make up the plane through the axis and halfway between the other two.
    let along = SIMD3(
      SIMD2(faces.y, faces.z).length / 4, SIMD2(faces.x, faces.z).length / 4, SIMD2(faces.x, faces.y).length / 4)
    var areas = [Double](repeating: 0, count: 256)
    for (pattern, corners, alongCount, acrossCount) in patterns {
      for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let parts = corners * corner + (alongCount * along.taken(order)).sum()
        let area = parts + (acrossCount * faces.taken(order)).sum() / 2
        for mirrored in 0..<8 {
          var turned = 0
          for bit in 0..<8 where pattern >> bit & 1 == 1 {
            var place = mirrored
            for axis in 0..<3 where bit >> axis & 1 == 1 { place ^= 1 << order[axis] }
            turned |= 1 << place
          }
          (areas[turned], areas[255 - turned]) = (area, area)
        }
      }
    }
    return areas
  }

  /// In 2D: a piece that cuts off one corner of four, two of them where corners lie across, or one along an axis.
  private static func lengths(_ spacing: SIMD3<Double>) -> [Double] {
    let diagonal = SIMD2(spacing.x, spacing.y).length / 2
    return (0..<16).map { pattern in
      switch pattern {
      case 0b0000, 0b1111: 0
      case 0b0011, 0b1100: spacing.x
      case 0b0101, 0b1010: spacing.y
      case 0b0110, 0b1001: 2 * diagonal
      default: diagonal
      }
    }
  }
}

extension SIMD3<Double> {
  fileprivate func taken(_ order: [Int]) -> Self { Self(self[order[0]], self[order[1]], self[order[2]]) }
}

extension SIMD2<Double> {
  fileprivate var length: Double { (self * self).sum().squareRoot() }
}
