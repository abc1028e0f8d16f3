/// The distances between the centres of neighbouring pixels, in mm.
public struct PixelSpacing: Equatable, Hashable, Sendable {
  /// Between two rows.
  public var row: Double
  /// Between two columns.
  public var column: Double

  /// Makes a spacing from its two distances in mm.
  public init(row: Double, column: Double) {
    self.row = row
    self.column = column
  }
}
