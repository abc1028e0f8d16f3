/// A lesion's surface: its area, what it encloses, and how far its points lie apart.
struct Surface {
  /// In mm2.
  private(set) var area = 0.0
  /// In mm3.
  private(set) var volume = 0.0
  /// The points of the surface, in halves of a voxel; each once.
  private(set) var points: [SIMD3<Int32>] = []

  /// Finds the surface of a mask, which may touch the image's border.
  init(_ image: LesionImage) {
    let size = image.size
    let half = image.spacing / 2
    func isInside(_ x: Int, _ y: Int, _ z: Int) -> Bool {
      x >= 0 && y >= 0 && z >= 0 && x < size.x && y < size.y && z < size.z && image.mask[(z * size.y + y) * size.x + x]
    }
    for z in -1..<size.z {
      for y in -1..<size.y {
        for x in -1..<size.x {
          var cube = 0
          for (bit, corner) in MarchingCubes.corners.enumerated()
          where isInside(x + corner.x, y + corner.y, z + corner.z) {
            cube |= 1 << bit
          }
          guard cube != 0, cube != 255 else { continue }
          let isFlipped = cube > 127
          if isFlipped { cube ^= 255 }
          // Counted from a voxel outside of the box: where corners touch, the triangles leave a gap, and the volume depends on it.
          let origin = SIMD3<Int>(x + 1, y + 1, z + 1) &* 2
          // The edges that end in the last corner belong to this cube alone; others to its neighbours as well.
          for (corner, edge) in [(6, 6), (4, 7), (3, 11)] where cube >> corner & 1 == 1 {
            points.append(SIMD3<Int32>(truncatingIfNeeded: origin &+ MarchingCubes.edges[edge]))
          }
          let triangles = MarchingCubes.triangles[cube]
          for start in stride(from: 0, to: triangles.count, by: 3) {
            let corners = (0..<3).map { place in
              SIMD3<Double>(origin &+ MarchingCubes.edges[triangles[start + place]]) * half
            }
            let (a, b, c) = (corners[0], corners[1], corners[2])
            // Axes in the order z, y, x turn the sign.
            volume -= (isFlipped ? -1 : 1) * Self.dot(Self.cross(a, b), c)
            let normal = Self.cross(a - c, b - c)
            area += Self.dot(normal, normal).squareRoot() / 2
          }
        }
      }
    }
    volume /= 6
  }

  private static func cross(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> SIMD3<Double> {
    SIMD3(a.y * b.z - b.y * a.z, a.z * b.x - b.z * a.x, a.x * b.y - b.x * a.y)
  }

  private static func dot(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> Double { (a * b).sum() }
}
