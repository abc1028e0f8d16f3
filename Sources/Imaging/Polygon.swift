/// A closed outline on one slice; the last vertex is joined to the first.
public struct Polygon: Codable, Equatable, Sendable {
  /// The corners in pixels: x counts columns, y rows, and an integer is a pixel's centre.
  public var vertices: [SIMD2<Double>]

  /// Makes a polygon from its corners in pixels, none repeated at the end.
  public init(vertices: [SIMD2<Double>]) { self.vertices = vertices }

  /// The corners with their successors, the closing edge included.
  var edges: Zip2Sequence<[SIMD2<Double>], [SIMD2<Double>]> {
    zip(vertices, Array(vertices.dropFirst()) + vertices.prefix(1))
  }

  /// The enclosed area in square pixels.
  public var area: Double { abs(moments.area) }

  /// The centre of gravity of the enclosed area in pixels; of the corners where there is no area.
  public var centroid: SIMD2<Double> {
    let (area, first) = moments
    guard area != 0, let origin = vertices.first else {
      return vertices.isEmpty ? .zero : vertices.reduce(.zero, +) / Double(vertices.count)
    }
    return origin + first / area
  }

  /// The signed area and its first moments about the first corner: far from the origin, sums of products lose digits.
  private var moments: (area: Double, first: SIMD2<Double>) {
    guard let origin = vertices.first else { return (0, .zero) }
    var twiceArea = 0.0
    var sixfoldMoment = SIMD2<Double>.zero
    for (start, end) in edges {
      let (a, b) = (start - origin, end - origin)
      let cross = a.x * b.y - b.x * a.y
      twiceArea += cross
      sixfoldMoment += (a + b) * cross
    }
    return (twiceArea / 2, sixfoldMoment / 6)
  }

  /// The centre of gravity of several polygons' areas together, in pixels.
  public static func centroid(of polygons: [Polygon]) -> SIMD2<Double> {
    let total = polygons.reduce(0) { $0 + $1.area }
    guard total > 0 else { return Polygon(vertices: polygons.flatMap(\.vertices)).centroid }
    return polygons.reduce(.zero) { $0 + $1.centroid * ($1.area / total) }
  }

  /// Whether the point, in pixels, lies inside by the even-odd rule; of the outline itself, left and top edges count.
  public func contains(_ point: SIMD2<Double>) -> Bool {
    var inside = false
    for (a, b) in edges where (a.y > point.y) != (b.y > point.y) && Self.crossing(a, b, at: point.y) > point.x {
      inside.toggle()
    }
    return inside
  }

  /// Where the edge a-b, which is not level, meets the line at height `y`.
  static func crossing(_ a: SIMD2<Double>, _ b: SIMD2<Double>, at y: Double) -> Double {
    a.x + (y - a.y) * (b.x - a.x) / (b.y - a.y)
  }

  /// The numbers, from 0, of the first two edges that cross one another; nil where none do.
  ///
  /// Edges that only touch do not cross.
  public var firstCrossing: (Int, Int)? {
    func side(_ a: SIMD2<Double>, _ b: SIMD2<Double>, _ c: SIMD2<Double>) -> Double {
      (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
    }
    let edges = Array(edges)
    for (i, (a, b)) in edges.enumerated() {
      let (low, high) = (min(a.y, b.y), max(a.y, b.y))
      for j in edges.indices.dropFirst(i + 2) {
        let (c, d) = edges[j]
        if max(c.y, d.y) < low || min(c.y, d.y) > high { continue }
        if side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0 { return (i, j) }
      }
    }
    return nil
  }

  /// The largest distance between two corners, which are corners of the convex hull.
  public var diameter: Double {
    let sorted = vertices.sorted { ($0.x, $0.y) < ($1.x, $1.y) }
    func chain(_ points: some Sequence<SIMD2<Double>>) -> [SIMD2<Double>] {
      points.reduce(into: []) { hull, point in
        while hull.count > 1 {
          let (a, b) = (hull[hull.count - 1] - hull[hull.count - 2], point - hull[hull.count - 1])
          guard a.x * b.y - a.y * b.x <= 0 else { break }
          hull.removeLast()
        }
        hull.append(point)
      }
    }
    let hull = chain(sorted) + chain(sorted.reversed())
    var largest = 0.0
    for (index, first) in hull.enumerated() {
      for second in hull[..<index] { largest = max(largest, ((first - second) * (first - second)).sum()) }
    }
    return largest.squareRoot()
  }
}
