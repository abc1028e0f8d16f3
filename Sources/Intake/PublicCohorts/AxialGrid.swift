import DICOM

/// Where the voxels of a CT volume lie: columns towards the patient's left, rows towards the back, slices upwards, in
/// DICOM's coordinates (left, posterior, superior; mm).
struct AxialGrid: Equatable, Sendable {
  let columns: Int
  let rows: Int
  let slices: Int
  /// The centre of the first voxel.
  let origin: SIMD3<Double>
  /// From one column to the next.
  let columnStep: SIMD3<Double>
  /// From one row to the next.
  let rowStep: SIMD3<Double>
  /// From one slice to the next.
  let sliceStep: SIMD3<Double>

  /// The largest sizes that a CT has; a header that states more is damaged.
  static let maximumSide = 4096

  var pixelSpacing: PixelSpacing { PixelSpacing(row: rowStep.length, column: columnStep.length) }

  /// The volume of a voxel in cubic millimetres.
  var voxelVolume: Double { abs(sliceStep.dot(columnStep.cross(rowStep))) }

  func position(ofSlice slice: Int) -> SIMD3<Double> { origin + Double(slice) * sliceStep }

  /// Whether both describe the same voxels, within a tenth of a millimetre.
  func agrees(with other: AxialGrid) -> Bool {
    (columns, rows, slices) == (other.columns, other.rows, other.slices)
      && [(0, 0, 0), (columns, 0, 0), (0, rows, 0), (0, 0, slices)].allSatisfy { column, row, slice in
        (position(column, row, slice) - other.position(column, row, slice)).length < 0.1
      }
  }

  private func position(_ column: Int, _ row: Int, _ slice: Int) -> SIMD3<Double> {
    origin + Double(column) * columnStep + Double(row) * rowStep + Double(slice) * sliceStep
  }
}

extension SIMD3<Double> {
  func dot(_ other: Self) -> Double { (self * other).sum() }

  func cross(_ other: Self) -> Self {
    Self(y * other.z - z * other.y, z * other.x - x * other.z, x * other.y - y * other.x)
  }

  var length: Double { dot(self).squareRoot() }
}

/// How a file's array of voxels becomes an axial grid: which of its dimensions are columns, rows and slices, and which
/// run backwards.
struct VoxelOrder: Equatable, Sendable {
  /// A direction of the axial grid.
  enum Axis: Sendable, CaseIterable {
    /// Towards the patient's left.
    case column
    /// Towards the back.
    case row
    /// Upwards.
    case slice
  }

  /// One dimension of the array.
  struct Dimension: Equatable, Sendable {
    let axis: Axis
    let isReversed: Bool

    init(_ axis: Axis, isReversed: Bool = false) {
      self.axis = axis
      self.isReversed = isReversed
    }
  }

  private let start: Int
  private let strides: (column: Int, row: Int, slice: Int)
  let columns: Int
  let rows: Int
  let slices: Int

  /// For an array of `sizes`, the slowest dimension first; nil unless `dimensions` name each axis once.
  init?(sizes: [Int], _ dimensions: [Dimension]) {
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

  static func == (left: Self, right: Self) -> Bool {
    left.start == right.start && left.strides == right.strides && left.columns == right.columns
      && left.rows == right.rows && left.slices == right.slices
  }
}
