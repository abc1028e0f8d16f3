/// The largest distances of points on a grid.
enum Diameters {
  /// The largest distance between two points of which a coordinate is the same, and between any two.
  ///
  /// - Parameters:
  ///   - points: in whole steps.
  ///   - steps: the length of a step by axis, in mm.
  /// - Returns: by axis, the largest distance of two points that have this coordinate in common; and of all; in mm.
  static func largest(_ points: [SIMD3<Int32>], steps: SIMD3<Double>) -> (inPlane: SIMD3<Double>, overall: Double) {
    var inPlane = SIMD3<Double>.zero
    var candidates: [SIMD3<Int32>] = []
    for axis in 0..<3 {
      let (u, v) = (axis == 0 ? 1 : 0, axis == 2 ? 1 : 2)
      for plane in Dictionary(grouping: points, by: { $0[axis] }).values {
        let hull = ConvexHull.corners(plane, u, v)
        inPlane[axis] = max(inPlane[axis], furthest(hull, steps))
        // The outermost points of all are outermost in their planes too.
        if axis == 2 { candidates += hull }
      }
    }
    return (inPlane, furthest(candidates, steps))
  }

  private static func furthest(_ points: [SIMD3<Int32>], _ steps: SIMD3<Double>) -> Double {
    var places = points.map { SIMD3<Double>($0) * steps }
    let centre = places.reduce(SIMD3<Double>.zero, +) / Double(max(places.count, 1))
    func length(_ vector: SIMD3<Double>) -> Double { (vector * vector).sum().squareRoot() }
    // From the outermost on: no two points lie further apart than both from the centre.
    places.sort { length($0 - centre) > length($1 - centre) }
    let reaches = places.map { length($0 - centre) * (1 + 1e-9) }
    var most = 0.0
    for i in places.indices {
      for j in i + 1..<max(places.count, i + 1) {
        guard reaches[i] + reaches[j] > most else { break }
        most = max(most, length(places[i] - places[j]))
      }
    }
    return most
  }
}

/// Convex hulls in a plane.
enum ConvexHull {
  /// The corners of the hull of points that differ in two coordinates (Andrew, 1979); all points where they lie on a line.
  static func corners(_ points: [SIMD3<Int32>], _ u: Int, _ v: Int) -> [SIMD3<Int32>] {
    let sorted = points.sorted { ($0[u], $0[v]) < ($1[u], $1[v]) }
    guard sorted.count > 2 else { return sorted }
    func isClockwise(_ a: SIMD3<Int32>, _ b: SIMD3<Int32>, _ c: SIMD3<Int32>) -> Bool {
      Int64(b[u] - a[u]) * Int64(c[v] - a[v]) <= Int64(b[v] - a[v]) * Int64(c[u] - a[u])
    }
    func chain(_ points: some Sequence<SIMD3<Int32>>) -> [SIMD3<Int32>] {
      var hull: [SIMD3<Int32>] = []
      for point in points {
        while hull.count > 1, isClockwise(hull[hull.count - 2], hull[hull.count - 1], point) { hull.removeLast() }
        hull.append(point)
      }
      return hull
    }
    return chain(sorted) + chain(sorted.reversed())
  }
}
