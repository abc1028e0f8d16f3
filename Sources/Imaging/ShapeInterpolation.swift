/// Outlines between two outlined slices: the signed distances of both are blended, their centres of gravity first laid on one another.
///
/// Source: Raya and Udupa, "Shape-based interpolation of multidimensional objects", IEEE Transactions on Medical Imaging 9 (1990).
/// Laying the centres on one another keeps shapes that do not overlap from vanishing.
public enum ShapeInterpolation {
  /// The outlines at a place between two slices; holes are outlines within others.
  ///
  /// - Parameters:
  ///   - lower: the region on the one slice.
  ///   - upper: the region on the other.
  ///   - share: how far the place is from the one to the other, 0...1.
  ///   - spacing: the pixels' size in mm; only its ratio matters.
  /// - Returns: the outlines; empty where one of the regions has no area.
  public static func outlines(
    between lower: PolygonRegion, _ upper: PolygonRegion, at share: Double,
    spacing: PixelSpacing = PixelSpacing(row: 1, column: 1)
  ) -> [Polygon] {
    guard let lowerCentre = lower.centroid, let upperCentre = upper.centroid else { return [] }
    let share = min(max(share, 0), 1)
    let centre = lowerCentre * (1 - share) + upperCentre * share
    let scale = SIMD2(spacing.column, spacing.row)
    let field = LevelSet(around: [(lower, centre - lowerCentre), (upper, centre - upperCentre)]) { point in
      (1 - share) * lower.signedDistance(point - centre + lowerCentre, scale: scale)
        + share * upper.signedDistance(point - centre + upperCentre, scale: scale)
    }
    let outlines = field.outlines().filter { $0.area > 0.25 }
    guard outlines.isEmpty else { return outlines }
    // Parts that lie far apart on one slice alone can leave nothing in the middle: the nearer slice's shape is the proposal then.
    let (nearer, shift) = share < 0.5 ? (lower, centre - lowerCentre) : (upper, centre - upperCentre)
    return nearer.outlines.map { Polygon(vertices: $0.vertices.map { $0 + shift }) }
  }
}

/// A function sampled at whole coordinates of a rectangle, and the lines along which it is zero.
private struct LevelSet {
  private let origin: SIMD2<Double>
  private let columns: Int
  private let rows: Int
  private let values: [Double]

  /// Samples `value` over the regions, each moved by its shift, and a margin on which it is negative.
  init(around regions: [(region: PolygonRegion, shift: SIMD2<Double>)], _ value: (SIMD2<Double>) -> Double) {
    let corners = regions.flatMap { region, shift in region.outlines.flatMap { $0.vertices.map { $0 + shift } } }
    let lower = corners.reduce(corners[0]) { pointwiseMin($0, $1) }.rounded(.down) - 2
    let upper = corners.reduce(corners[0]) { pointwiseMax($0, $1) }.rounded(.up) + 2
    origin = lower
    (columns, rows) = (Int(upper.x - lower.x) + 1, Int(upper.y - lower.y) + 1)
    var values = [Double](repeating: -1, count: columns * rows)
    for row in 0..<rows {
      for column in 0..<columns {
        let sample = value(lower + SIMD2(Double(column), Double(row)))
        // A zero on a sample would end a line there.
        values[row * columns + column] = sample == 0 ? -1e-9 : sample
      }
    }
    self.values = values
  }

  /// A side of a cell: from a sample to the right of it, or below it.
  private struct Side: Hashable {
    let column: Int
    let row: Int
    let isAcross: Bool
  }

  /// The closed lines of zeros, by marching squares with linear interpolation.
  func outlines() -> [Polygon] {
    var next: [Side: Side] = [:]
    var order: [Side] = []
    for row in 0..<rows - 1 {
      for column in 0..<columns - 1 {
        for (start, end) in segments(column, row) {
          next[start] = end
          order.append(start)
        }
      }
    }
    var polygons: [Polygon] = []
    for start in order where next[start] != nil {
      var vertices: [SIMD2<Double>] = []
      var side = start
      while let following = next.removeValue(forKey: side) {
        let point = zero(on: side)
        if vertices.last != point { vertices.append(point) }
        side = following
      }
      if vertices.count >= 3 { polygons.append(Polygon(vertices: vertices)) }
    }
    return polygons
  }

  /// The lines within a cell, each from the side where the inside is entered going around it.
  private func segments(_ column: Int, _ row: Int) -> [(Side, Side)] {
    let isInside = [(0, 0), (1, 0), (1, 1), (0, 1)].map { self[column + $0.0, row + $0.1] > 0 }
    let top = Side(column: column, row: row, isAcross: true)
    let right = Side(column: column + 1, row: row, isAcross: false)
    let bottom = Side(column: column, row: row + 1, isAcross: true)
    let left = Side(column: column, row: row, isAcross: false)
    let sides = [top, right, bottom, left]
    // Going around the cell, a line ends where the inside is entered, and begins where it is left.
    let entered = (0..<4).filter { !isInside[$0] && isInside[($0 + 1) % 4] }
    let exited = (0..<4).filter { isInside[$0] && !isInside[($0 + 1) % 4] }
    if entered.count == 1 { return [(sides[entered[0]], sides[exited[0]])] }
    guard entered.count == 2 else { return [] }
    let middle = (self[column, row] + self[column + 1, row] + self[column, row + 1] + self[column + 1, row + 1]) / 4
    // Where two corners are inside, the middle decides whether they belong together.
    return entered.map { side in
      (sides[side], sides[middle > 0 ? (side + 3) % 4 : (side + 1) % 4])
    }
  }

  private subscript(column: Int, row: Int) -> Double { values[row * columns + column] }

  private func zero(on side: Side) -> SIMD2<Double> {
    let first = self[side.column, side.row]
    let second = side.isAcross ? self[side.column + 1, side.row] : self[side.column, side.row + 1]
    let share = first / (first - second)
    return origin + SIMD2(Double(side.column), Double(side.row)) + (side.isAcross ? SIMD2(share, 0) : SIMD2(0, share))
  }
}
