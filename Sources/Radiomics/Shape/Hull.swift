/// The convex hull of points in space: its volume and its area.
struct Hull {
  /// In mm3; NaN where the points lie in a plane.
  let volume: Double
  /// In mm2.
  let area: Double

  /// Finds the hull of points in whole steps, whose lengths are in mm, by adding one point after another.
  init(_ points: [SIMD3<Int32>], steps: SIMD3<Double>) {
    let outermost = Dictionary(grouping: points, by: \.z).sorted { $0.key < $1.key }.flatMap {
      ConvexHull.corners($0.value, 0, 1)
    }
    var seen: Set<SIMD3<Int32>> = []
    let corners = outermost.filter { seen.insert($0).inserted }
    // Moved by a millionth of a step, no four points lie in a plane.
    let places = corners.enumerated().map { index, corner in
      SIMD3<Double>(corner) + Self.jitter(index)
    }
    guard let faces = Self.faces(places) else {
      (volume, area) = (.nan, .nan)
      return
    }
    var (volume, area) = (0.0, 0.0)
    for face in faces {
      let (a, b, c) = (places[face.x] * steps, places[face.y] * steps, places[face.z] * steps)
      let normal = Self.cross(b - a, c - a)
      area += (normal * normal).sum().squareRoot() / 2
      volume += (a * Self.cross(b, c)).sum() / 6
    }
    (self.volume, self.area) = (abs(volume), area)
  }

  private static func jitter(_ index: Int) -> SIMD3<Double> {
    var state = UInt64(index &+ 1) &* 0x9E37_79B9_7F4A_7C15
    var result = SIMD3<Double>.zero
    for axis in 0..<3 {
      state = (state ^ state >> 29) &* 0xBF58_476D_1CE4_E5B9
      result[axis] = (Double(state >> 11) / 0x1p53 - 0.5) * 2e-6
    }
    return result
  }

  private static func cross(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> SIMD3<Double> {
    SIMD3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
  }

  /// The faces as places of points, turned outwards; nil where the points have no volume.
  private static func faces(_ points: [SIMD3<Double>]) -> [SIMD3<Int>]? {
    func height(_ face: SIMD3<Int>, _ point: SIMD3<Double>) -> Double {
      let a = points[face.x]
      return (cross(points[face.y] - a, points[face.z] - a) * (point - a)).sum()
    }
    // The first tetrahedron is as large as three steps make it.
    guard let first = points.indices.min(by: { points[$0].x < points[$1].x }),
      let second = points.indices.max(by: { distance(points[$0], points[first]) < distance(points[$1], points[first]) }
      ),
      let third = points.indices.max(by: {
        area(points[$0], points[first], points[second]) < area(points[$1], points[first], points[second])
      }),
      let fourth = points.indices.max(by: {
        abs(height([first, second, third], points[$0])) < abs(height([first, second, third], points[$1]))
      }),
      abs(height([first, second, third], points[fourth])) > 1e-2
    else { return nil }
    var faces: [SIMD3<Int>] = []
    let start = [first, second, third, fourth]
    for missing in 0..<4 {
      let rest = start.indices.filter { $0 != missing }.map { start[$0] }
      let face = SIMD3(rest[0], rest[1], rest[2])
      faces.append(height(face, points[start[missing]]) > 0 ? SIMD3(rest[0], rest[2], rest[1]) : face)
    }
    for index in points.indices where !start.contains(index) {
      let isVisible = faces.map { height($0, points[index]) > 0 }
      guard isVisible.contains(true) else { continue }
      var edges: Set<SIMD2<Int>> = []
      for (face, isVisible) in zip(faces, isVisible) where isVisible {
        edges.formUnion([[face.x, face.y], [face.y, face.z], [face.z, face.x]])
      }
      faces = zip(faces, isVisible).compactMap { $1 ? nil : $0 }
      // The horizon: edges whose other side is not seen.
      for edge in edges where !edges.contains([edge.y, edge.x]) { faces.append(SIMD3(edge.x, edge.y, index)) }
    }
    return faces
  }

  private static func distance(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> Double { ((a - b) * (a - b)).sum() }

  private static func area(_ a: SIMD3<Double>, _ b: SIMD3<Double>, _ c: SIMD3<Double>) -> Double {
    let normal = cross(b - a, c - a)
    return (normal * normal).sum()
  }
}
