/// Freehand outlines often end a little past their start, or turn with a kink: they cross themselves in a small loop.
extension Polygon {
  /// An outline from which small loops were cut.
  public struct Untangled: Equatable, Sendable {
    /// What is left, which crosses itself nowhere.
    public let outline: Polygon
    /// How many loops were cut.
    public let loops: Int
    /// The loops' area as a share of the outline's, 0...0.01.
    public let areaShare: Double
  }

  /// The most that all loops together may have of the outline's area to pass as a slip of the hand.
  public static let largestLoopArea = 0.01
  /// The most that all loops together may have of the outline's length to pass as a slip of the hand.
  public static let largestLoopLength = 0.1

  /// The length of the outline in pixels.
  public var length: Double {
    edges.reduce(0) { sum, edge in
      let step = edge.1 - edge.0
      return sum + (step * step).sum().squareRoot()
    }
  }

  /// The outline without the small loops in which it crosses itself.
  ///
  /// Each crossing divides the outline into two loops, of which the one with the smaller area is cut. Nil where nothing
  /// crosses, or where the loops have more than `largestLoopArea` or `largestLoopLength` of what is left: a bow tie is no
  /// slip of the hand, and nobody can tell which half was meant.
  public func withoutSmallLoops() -> Untangled? {
    var outline = self
    var (loops, area, length) = (0, 0.0, 0.0)
    while let (first, second) = outline.firstCrossing {
      guard let (rest, loop) = outline.divided(at: first, second) else { return nil }
      loops += 1
      area += loop.area
      length += loop.length
      // More crossings only take more away from what is left.
      guard area <= Self.largestLoopArea * rest.area, length <= Self.largestLoopLength * rest.length else { return nil }
      outline = rest
    }
    return loops == 0 ? nil : Untangled(outline: outline, loops: loops, areaShare: area / outline.area)
  }

  /// The two loops into which the crossing of two edges divides the outline, the one with the larger area first.
  private func divided(at first: Int, _ second: Int) -> (larger: Polygon, smaller: Polygon)? {
    let (a, b) = (vertices[first], vertices[first + 1])
    let (c, d) = (vertices[second], vertices[(second + 1) % vertices.count])
    let (u, v) = (b - a, d - c)
    let determinant = u.x * v.y - u.y * v.x
    guard determinant != 0 else { return nil }
    let crossing = a + u * (((c - a).x * v.y - (c - a).y * v.x) / determinant)
    let inner = Polygon(vertices: [crossing] + vertices[(first + 1)...second])
    let outer = Polygon(vertices: [crossing] + vertices[(second + 1)...] + vertices[...first])
    return inner.area > outer.area ? (inner, outer) : (outer, inner)
  }
}
