extension PixelMask {
  /// The pixels inside of some outlines together after their edge was moved outwards.
  ///
  /// A pixel's centre that lies outside, at most `distance` mm from the nearest edge, is added; one that lies inside, less than that
  /// from it, is taken away where `distance` is negative. So no corner is rounded twice, and non-square pixels make no difference.
  /// - Parameters:
  ///   - outlines: closed outlines in pixels; one inside of another is a hole.
  ///   - columns: pixels per row of the image.
  ///   - rows: pixels per column of the image.
  ///   - distance: how far the edge is moved outwards, in mm; a negative number moves it inwards.
  ///   - spacing: the distances of rows and of columns in mm, above 0.
  public init(inside outlines: [Polygon], columns: Int, rows: Int, grownBy distance: Double, spacing: PixelSpacing) {
    let whole = PixelMask(inside: outlines, columns: columns, rows: rows)
    let millimetres = SIMD2(spacing.column, spacing.row)
    let edges = outlines.flatMap { outline in
      outline.edges.map { (start: $0.0 * millimetres, end: $0.1 * millimetres) }
    }
    guard distance != 0, !edges.isEmpty else {
      self = whole
      return
    }
    let reach = abs(distance)
    var values = whole.values
    func range(_ coordinates: [Double], _ step: Double, _ count: Int) -> Range<Int> {
      let low = (((coordinates.min() ?? 0) - reach) / step).rounded(.down)
      let high = (((coordinates.max() ?? 0) + reach) / step).rounded(.up)
      let first = Int(max(0, min(Double(count), low)))
      return first..<max(first, Int(max(0, min(Double(count), high + 1))))
    }
    for row in range(edges.map(\.start.y), spacing.row, rows) {
      for column in range(edges.map(\.start.x), spacing.column, columns) {
        let place = row * columns + column
        guard values[place] == (distance < 0) else { continue }
        let point = SIMD2(Double(column), Double(row)) * millimetres
        let isNear = edges.contains { edge in
          let squared = Self.squaredDistance(point, edge.start, edge.end)
          return distance > 0 ? squared <= reach * reach : squared < reach * reach
        }
        if isNear { values[place] = distance > 0 }
      }
    }
    self.init(columns: columns, rows: rows, values: values)
  }

  /// The pixels whose centres some outlines enclose together, as ROIs and features have it: an outline within another is a hole.
  public init(inside outlines: [Polygon], columns: Int, rows: Int) {
    self = PolygonRegion(outlines).unionMask(columns: columns, rows: rows)
  }

  private static func squaredDistance(_ point: SIMD2<Double>, _ start: SIMD2<Double>, _ end: SIMD2<Double>) -> Double {
    let along = end - start
    let length = (along * along).sum()
    let share = length > 0 ? min(1, max(0, ((point - start) * along).sum() / length)) : 0
    let offset = point - start - share * along
    return (offset * offset).sum()
  }
}
