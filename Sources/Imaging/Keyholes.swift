extension PolygonRegion {
  /// Outlines without holes that enclose the same area: each hole is joined to the outline around it by a keyhole, two edges that lie
  /// on one another (PS3.3 section C.8.8.6.3).
  ///
  /// A hole runs against the outline around it, so that areas are right by any rule of filling. An outline within a hole stays an
  /// outline of its own.
  public func keyholed() -> [Polygon] {
    let holes = holes
    guard !holes.isEmpty else { return outlines }
    var inside: [Int: [Int]] = [:]
    for hole in holes.sorted() {
      let around = outlines.indices.filter { other in
        !holes.contains(other) && outlines[other].area > outlines[hole].area
          && outlines[hole].vertices.allSatisfy(outlines[other].contains)
      }
      if let nearest = around.min(by: { outlines[$0].area < outlines[$1].area }) {
        inside[nearest, default: []].append(hole)
      }
    }
    return outlines.indices.filter { !holes.contains($0) }.map { index in
      var whole = outlines[index]
      var rest = (inside[index] ?? []).map { outlines[$0] }
      while let hole = rest.popLast() { whole = whole.joined(to: hole, past: rest) }
      return whole
    }
  }
}

extension Polygon {
  /// Outlines that enclose the same area by the even-odd rule and have no keyhole: where an edge runs back on another one, both
  /// are taken out.
  public func withoutKeyholes() -> [Polygon] {
    var result: [Polygon] = []
    var pending = [self]
    while let polygon = pending.popLast() {
      if let (first, second) = polygon.parted { pending += [second, first] } else { result.append(polygon) }
    }
    return result
  }

  /// The two outlines that the first keyhole joins; nil where there is none.
  private var parted: (Polygon, Polygon)? {
    struct Edge: Hashable {
      let start: SIMD2<Double>
      let end: SIMD2<Double>
    }
    var starts: [Edge: Int] = [:]
    let count = vertices.count
    for (index, (start, end)) in edges.enumerated() {
      if let first = starts[Edge(start: end, end: start)] {
        let inner = Array(vertices[(first + 1)..<index])
        // The vertex after the second edge is the first edge's start once more.
        let outer = index + 1 < count ? vertices[...first] + vertices[(index + 2)...] : vertices[..<first]
        if inner.count > 2, outer.count > 2 { return (Polygon(vertices: Array(outer)), Polygon(vertices: inner)) }
      }
      if starts[Edge(start: start, end: end)] == nil { starts[Edge(start: start, end: end)] = index }
    }
    return nil
  }

  /// This outline with a hole, joined by the shortest keyhole that crosses neither of them nor `others`.
  fileprivate func joined(to hole: Polygon, past others: [Polygon]) -> Polygon {
    let hole = hole.runsClockwise == runsClockwise ? Polygon(vertices: hole.vertices.reversed()) : hole
    let walls = ([self, hole] + others).flatMap { Array($0.edges) }
    let pairs = vertices.indices.flatMap { outer in hole.vertices.indices.map { (outer, $0) } }
    func length(_ pair: (Int, Int)) -> Double {
      let difference = vertices[pair.0] - hole.vertices[pair.1]
      return (difference * difference).sum()
    }
    let sorted = pairs.map { (pair: $0, length: length($0)) }.sorted { $0.length < $1.length }.map(\.pair)
    let free = sorted.first { pair in
      let (a, b) = (vertices[pair.0], hole.vertices[pair.1])
      return walls.allSatisfy { !Self.isMet(a, b, by: $0) }
    }
    guard let (outer, inner) = free ?? sorted.first else { return self }
    let around = Array(hole.vertices[inner...]) + hole.vertices[..<inner] + [hole.vertices[inner]]
    return Polygon(vertices: Array(vertices[...outer]) + around + vertices[outer...])
  }

  /// Whether the corners go round clockwise, where y grows downwards.
  private var runsClockwise: Bool {
    edges.reduce(0) { $0 + $1.0.x * $1.1.y - $1.1.x * $1.0.y } > 0
  }

  /// Whether an edge meets the line from `a` to `b` elsewhere than in an end that they share.
  private static func isMet(_ a: SIMD2<Double>, _ b: SIMD2<Double>, by edge: (SIMD2<Double>, SIMD2<Double>)) -> Bool {
    func side(_ p: SIMD2<Double>, _ q: SIMD2<Double>, _ r: SIMD2<Double>) -> Double {
      (q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x)
    }
    func isOn(_ point: SIMD2<Double>) -> Bool {
      guard point != a, point != b, side(a, b, point) == 0 else { return false }
      let share = ((point - a) * (b - a)).sum()
      return share > 0 && share < ((b - a) * (b - a)).sum()
    }
    let (c, d) = edge
    if isOn(c) || isOn(d) { return true }
    if c == a || c == b || d == a || d == b { return false }
    return side(a, b, c) * side(a, b, d) <= 0 && side(c, d, a) * side(c, d, b) <= 0
      && (side(a, b, c) != 0 || side(a, b, d) != 0)
  }
}
