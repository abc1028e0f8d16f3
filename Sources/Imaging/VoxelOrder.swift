/// How a file's array of voxels becomes an axial grid: which of its dimensions are columns, rows and slices, and which
/// run backwards.
public struct VoxelOrder: Equatable, Sendable {
  /// A direction of the axial grid.
  public enum Axis: Sendable, CaseIterable {
    /// Towards the patient's left.
    case column
    /// Towards the back.
    case row
    /// Upwards.
    case slice
  }

  /// One dimension of the array.
  public struct Dimension: Equatable, Sendable {
    /// The direction of the grid that it runs along.
    public let axis: Axis
    /// Whether it runs backwards.
    public let isReversed: Bool

    /// Makes a dimension from its direction.
    public init(_ axis: Axis, isReversed: Bool = false) {
      self.axis = axis
      self.isReversed = isReversed
    }
  }

  private let start: Int
  private let strides: (column: Int, row: Int, slice: Int)
  /// The number of columns.
  public let columns: Int
  /// The number of rows.
  public let rows: Int
  /// The number of slices.
  public let slices: Int

  /// For an array of `sizes`, the slowest dimension first; nil unless `dimensions` name each axis once.
  public init?(sizes: [Int], _ dimensions: [Dimension]) {
    guard sizes.count == 3, Set(dimensions.map(\.axis)).count == 3 else { return nil }
    var start = 0
    var stride = 1
    var strides: [Axis: Int] = [:]
    var extents: [Axis: Int] = [:]
    for (size, dimension) in zip(sizes, dimensions).reversed() {
      strides[dimension.axis] = dimension.isReversed ? -stride : stride
      extents[dimension.axis] = size
      if dimension.isReversed { start += (size - 1) * stride }
      stride *= size
    }
    self.start = start
    self.strides = (strides[.column] ?? 0, strides[.row] ?? 0, strides[.slice] ?? 0)
    columns = extents[.column] ?? 0
    rows = extents[.row] ?? 0
    slices = extents[.slice] ?? 0
  }

  /// The values of a slice, row by row.
  func slice<Value>(_ slice: Int, of stored: [Value]) -> [Value] {
    var values: [Value] = []
    values.reserveCapacity(columns * rows)
    for row in 0..<rows {
      var index = start + slice * strides.slice + row * strides.row
      for _ in 0..<columns {
        values.append(stored[index])
        index += strides.column
      }
    }
    return values
  }

  /// Whether both find the same voxels in the same places.
  public static func == (left: Self, right: Self) -> Bool {
    left.start == right.start && left.strides == right.strides && left.columns == right.columns
      && left.rows == right.rows && left.slices == right.slices
  }
}
