/// Where the pixels of one slice lie in the patient's coordinates (left, posterior, superior; mm).
public struct ImagePlane: Equatable, Sendable {
  /// Pixels per row.
  public let columns: Int
  /// Pixels per column.
  public let rows: Int
  /// The centre of the first pixel.
  public let origin: SIMD3<Double>
  /// From one column to the next.
  public let columnStep: SIMD3<Double>
  /// From one row to the next.
  public let rowStep: SIMD3<Double>

  /// Makes a plane from its size, the centre of its first pixel and its steps, which must not be parallel.
  public init(
    columns: Int, rows: Int, origin: SIMD3<Double>, columnStep: SIMD3<Double>, rowStep: SIMD3<Double>
  ) {
    (self.columns, self.rows, self.origin) = (columns, rows, origin)
    (self.columnStep, self.rowStep) = (columnStep, rowStep)
  }

  /// The unit vector on which rows and columns stand, such that columns, rows and it are right-handed.
  public var normal: SIMD3<Double> {
    let normal = columnStep.cross(rowStep)
    return normal / normal.length
  }

  /// The place of a point in pixels (an integer is a pixel's centre); it may lie off the image.
  public func position(_ point: SIMD2<Double>) -> SIMD3<Double> {
    origin + point.x * columnStep + point.y * rowStep
  }

  /// The foot of a position in pixels, and how far the position lies off the plane along the normal in mm.
  public func pixel(_ position: SIMD3<Double>) -> (point: SIMD2<Double>, height: Double) {
    let offset = position - origin
    let normal = columnStep.cross(rowStep)
    let square = normal.dot(normal)
    return (
      SIMD2(offset.cross(rowStep).dot(normal) / square, columnStep.cross(offset).dot(normal) / square),
      offset.dot(normal) / square.squareRoot()
    )
  }
}
