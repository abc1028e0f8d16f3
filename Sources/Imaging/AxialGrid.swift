/// Where the voxels of a CT volume lie: columns towards the patient's left, rows towards the back, slices upwards, in
/// DICOM's coordinates (left, posterior, superior; mm).
public struct AxialGrid: Equatable, Sendable {
  /// The number of columns.
  public let columns: Int
  /// The number of rows.
  public let rows: Int
  /// The number of slices.
  public let slices: Int
  /// The centre of the first voxel.
  public let origin: SIMD3<Double>
  /// From one column to the next.
  public let columnStep: SIMD3<Double>
  /// From one row to the next.
  public let rowStep: SIMD3<Double>
  /// From one slice to the next.
  public let sliceStep: SIMD3<Double>

  /// The largest sizes that a CT has; a header that states more is damaged.
  public static let maximumSide = 4096

  /// Makes a grid from its size, the centre of its first voxel and its steps, all in mm.
  public init(
    columns: Int, rows: Int, slices: Int, origin: SIMD3<Double>, columnStep: SIMD3<Double>, rowStep: SIMD3<Double>,
    sliceStep: SIMD3<Double>
  ) {
    self.columns = columns
    self.rows = rows
    self.slices = slices
    self.origin = origin
    self.columnStep = columnStep
    self.rowStep = rowStep
    self.sliceStep = sliceStep
  }

  /// The distances of rows and of columns.
  public var pixelSpacing: PixelSpacing { PixelSpacing(row: rowStep.length, column: columnStep.length) }

  /// The volume of a voxel in cubic millimetres.
  public var voxelVolume: Double { abs(sliceStep.dot(columnStep.cross(rowStep))) }

  /// The centre of a slice's first voxel.
  public func position(ofSlice slice: Int) -> SIMD3<Double> { origin + Double(slice) * sliceStep }

  /// Whether both describe the same voxels, within a tenth of a millimetre.
  public func agrees(with other: AxialGrid) -> Bool {
    (columns, rows, slices) == (other.columns, other.rows, other.slices)
      && [(0, 0, 0), (columns, 0, 0), (0, rows, 0), (0, 0, slices)].allSatisfy { column, row, slice in
        (position(column, row, slice) - other.position(column, row, slice)).length < 0.1
      }
  }

  /// Whether every voxel lies within 10 m of the origin; a header that states more is damaged.
  public var isWithinReach: Bool {
    [0, columns].allSatisfy { column in
      [0, rows].allSatisfy { row in
        [0, slices].allSatisfy { slice in position(column, row, slice).length <= 10_000 }
      }
    }
  }

  private func position(_ column: Int, _ row: Int, _ slice: Int) -> SIMD3<Double> {
    origin + Double(column) * columnStep + Double(row) * rowStep + Double(slice) * sliceStep
  }
}
