public import Imaging

extension Polygon {
  /// Throws unless this can be a tumour's outline on an image of that size.
  ///
  /// Half a pixel beyond the image's border is still accepted: viewers differ in whether an integer is a pixel's centre or
  /// its corner. An outline may touch itself, but not cross itself.
  public func validate(columns: Int, rows: Int) throws(ContourError) {
    if let index = vertices.firstIndex(where: { !$0.x.isFinite || !$0.y.isFinite }) { throw .notFinite(vertex: index) }
    let distinct = Set(vertices).count
    guard distinct >= 3 else { throw .tooFewVertices(distinct) }
    for vertex in vertices
    where vertex.x < -1 || vertex.y < -1 || vertex.x > Double(columns) || vertex.y > Double(rows) {
      throw .outsideImage(x: vertex.x, y: vertex.y, columns: columns, rows: rows)
    }
    if let (first, second) = firstCrossing { throw .selfIntersecting(edge: first, other: second) }
    guard area > 1e-9 else { throw .noArea }
  }
}

/// Why an outline cannot be a tumour's.
public enum ContourError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Fewer than three different vertices.
  case tooFewVertices(Int)
  /// A coordinate that is no number.
  case notFinite(vertex: Int)
  /// A vertex off the image.
  case outsideImage(x: Double, y: Double, columns: Int, rows: Int)
  /// Two edges that cross.
  case selfIntersecting(edge: Int, other: Int)
  /// No area within.
  case noArea

  /// What was expected, what was found, and what to do.
  public var description: String {
    switch self {
    case .tooFewVertices(let count):
      "the contour has \(count) different vertices; a polygon needs 3 or more: draw it again"
    case .notFinite(let vertex):
      "vertex \(vertex + 1) of the contour is not a number; export the annotation again"
    case .outsideImage(let x, let y, let columns, let rows):
      "the contour extends beyond the image: a vertex is at (\(x), \(y)), the image has \(columns) x \(rows) pixels; "
        + "was it drawn on another series?"
    case .selfIntersecting(let first, let second):
      "the contour crosses itself (edge \(first + 1) and edge \(second + 1)); draw it again without loops"
    case .noArea:
      "the contour encloses no area: its vertices are on one line; draw it again"
    }
  }
}
