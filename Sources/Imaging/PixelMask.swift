/// Which pixels of an image are inside.
public struct PixelMask: Equatable, Sendable {
  /// Pixels per row.
  public let columns: Int
  /// Pixels per column.
  public let rows: Int
  /// Whether each pixel is inside, row by row.
  public private(set) var values: [Bool]

  /// How many pixels are inside.
  public var count: Int { values.count { $0 } }

  init(columns: Int, rows: Int) {
    self.init(columns: columns, rows: rows, values: Array(repeating: false, count: columns * rows))
  }

  /// Makes a mask from whether each pixel is inside, row by row: `columns` x `rows` values.
  public init(columns: Int, rows: Int, values: [Bool]) {
    precondition(values.count == columns * rows, "\(values.count) values for \(columns) x \(rows) pixels")
    self.columns = columns
    self.rows = rows
    self.values = values
  }

  /// Whether the pixel is inside; false for one off the image.
  public subscript(column: Int, row: Int) -> Bool {
    (0..<columns).contains(column) && (0..<rows).contains(row) && values[row * columns + column]
  }

  mutating func fill(_ range: Range<Int>, row: Int) {
    for column in range.clamped(to: 0..<columns) { values[row * columns + column] = true }
  }

  mutating func fill(column: Int, row: Int) {
    guard (0..<columns).contains(column), (0..<rows).contains(row) else { return }
    values[row * columns + column] = true
  }
}

extension PixelMask {
  /// The share of the smallest rectangle around the mask that is inside; 0 where nothing is.
  public var rectangularFill: Double {
    let inside = values.indices.filter { values[$0] }
    let xs = inside.map { $0 % columns }
    let ys = inside.map { $0 / columns }
    guard let left = xs.min(), let right = xs.max(), let top = ys.min(), let bottom = ys.max() else { return 0 }
    return Double(inside.count) / Double((right - left + 1) * (bottom - top + 1))
  }
}
