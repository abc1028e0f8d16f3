extension PixelMask {
  /// Outlines along the pixels' edges which, rasterised as `exact`, together give back this very mask.
  ///
  /// Pixels that touch only at a corner lie in outlines of their own. A polygon has no hole: an area with one is cut
  /// below the hole's first row, so that its parts have none and do not overlap. The corners lie at half-integers.
  public func outlines() -> [Polygon] {
    var polygons: [Polygon] = []
    var pending = Region(self).map { Array($0.connectedParts().reversed()) } ?? []
    while let region = pending.popLast() {
      let loops = region.loops()
      if let hole = loops.first(where: \.isHole) {
        let (upper, lower) = region.cut(below: hole.topRow)
        pending += (upper.connectedParts() + lower.connectedParts()).reversed()
      } else {
        polygons += loops.map(\.polygon)
      }
    }
    return polygons
  }
}

/// A rectangle of an image, and which of its pixels belong to one area.
private struct Region {
  var column: Int
  var row: Int
  let columns: Int
  let rows: Int
  var inside: [Bool]

  /// The smallest rectangle around a mask; nil where no pixel is inside.
  init?(_ mask: PixelMask) {
    self.init(column: 0, row: 0, columns: mask.columns, rows: mask.rows, inside: mask.values)
    guard mask.values.contains(true) else { return nil }
  }

  init(column: Int, row: Int, columns: Int, rows: Int, inside: [Bool]) {
    self.column = column
    self.row = row
    self.columns = columns
    self.rows = rows
    self.inside = inside
  }

  func contains(_ x: Int, _ y: Int) -> Bool {
    x >= 0 && y >= 0 && x < columns && y < rows && inside[y * columns + x]
  }

  /// The parts whose pixels share edges, in the order of their first pixels, each in its own smallest rectangle.
  func connectedParts() -> [Region] {
    var parts: [Region] = []
    var isSeen = [Bool](repeating: false, count: inside.count)
    for start in inside.indices where inside[start] && !isSeen[start] {
      var members = [start]
      isSeen[start] = true
      var next = 0
      while next < members.count {
        let (x, y) = (members[next] % columns, members[next] / columns)
        next += 1
        for (x, y) in [(x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)] where contains(x, y) && !isSeen[y * columns + x]
        {
          isSeen[y * columns + x] = true
          members.append(y * columns + x)
        }
      }
      parts.append(part(of: members))
    }
    return parts
  }

  private func part(of members: [Int]) -> Region {
    let xs = members.map { $0 % columns }
    let (left, right) = (xs.min() ?? 0, xs.max() ?? 0)
    let (top, bottom) = ((members.min() ?? 0) / columns, (members.max() ?? 0) / columns)
    let width = right - left + 1
    var part = Region(
      column: column + left, row: row + top, columns: width, rows: bottom - top + 1,
      inside: Array(repeating: false, count: width * (bottom - top + 1)))
    for member in members { part.inside[(member / columns - top) * width + member % columns - left] = true }
    return part
  }

  /// The rows down to `y`, and those below.
  func cut(below y: Int) -> (upper: Region, lower: Region) {
    let split = (y + 1) * columns
    return (
      Region(column: column, row: row, columns: columns, rows: y + 1, inside: Array(inside[..<split])),
      Region(column: column, row: row + y + 1, columns: columns, rows: rows - y - 1, inside: Array(inside[split...]))
    )
  }

  /// A closed walk along pixel edges with the area on its right hand, in corners counted from the image's own.
  struct Loop {
    let polygon: Polygon
    let isHole: Bool
    /// The first row of the pixels that it encloses, within the region.
    let topRow: Int
  }

  /// A pixel edge by the corner that it starts at and its direction: 0 right, 1 down, 2 left, 3 up.
  private struct Edge: Hashable {
    var x: Int
    var y: Int
    var direction: Int

    var end: (x: Int, y: Int) {
      switch direction {
      case 0: (x + 1, y)
      case 1: (x, y + 1)
      case 2: (x - 1, y)
      default: (x, y - 1)
      }
    }
  }

  func loops() -> [Loop] {
    var unused: Set<Edge> = []
    var starts: [Edge] = []
    for y in 0..<rows {
      for x in 0..<columns where contains(x, y) {
        if !contains(x, y - 1) {
          starts.append(Edge(x: x, y: y, direction: 0))
          unused.insert(Edge(x: x, y: y, direction: 0))
        }
        if !contains(x + 1, y) { unused.insert(Edge(x: x + 1, y: y, direction: 1)) }
        if !contains(x, y + 1) { unused.insert(Edge(x: x + 1, y: y + 1, direction: 2)) }
        if !contains(x - 1, y) { unused.insert(Edge(x: x, y: y + 1, direction: 3)) }
      }
    }
    // Every closed walk has an edge that runs to the right.
    return starts.filter(unused.contains).compactMap { start in
      unused.contains(start) ? walk(from: start, &unused) : nil
    }
  }

  private func walk(from start: Edge, _ unused: inout Set<Edge>) -> Loop {
    var corners: [(x: Int, y: Int)] = []
    var edge = start
    repeat {
      unused.remove(edge)
      let (x, y) = edge.end
      // Where two pixels touch at a corner, turning right stays with the area's own.
      let turns = [1, 0, 3].map { Edge(x: x, y: y, direction: (edge.direction + $0) % 4) }
      let next = turns.first { unused.contains($0) || $0 == start } ?? start
      if next.direction != edge.direction { corners.append((x, y)) }
      edge = next
    } while edge != start
    let ring = zip(corners, corners.dropFirst() + corners.prefix(1))
    return Loop(
      polygon: Polygon(
        vertices: corners.map { SIMD2(Double(column + $0.x) - 0.5, Double(row + $0.y) - 0.5) }),
      isHole: ring.reduce(0) { $0 + $1.0.x * $1.1.y - $1.1.x * $1.0.y } < 0, topRow: corners.map(\.y).min() ?? 0)
  }
}
