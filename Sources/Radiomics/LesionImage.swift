/// A lesion in one image: values on a regular grid, which of them belong to the lesion, and how far they lie apart.
///
/// Values and mask are stored column by column, then row by row, then slice by slice: x runs fastest, z slowest.
public struct LesionImage: Equatable, Sendable {
  /// The number of columns (x), rows (y) and slices (z); each at least 1.
  public let size: SIMD3<Int>
  /// The distance of neighbouring columns, rows and slices in mm; each positive and finite.
  public let spacing: SIMD3<Double>
  /// The values, in HU unless a filter changed them; as many as `size` has voxels.
  public var values: [Double]
  /// Which voxels belong to the lesion; as many as there are values.
  public var mask: [Bool]

  /// Makes an image from its parts.
  ///
  /// - Throws: `RadiomicsError` where the counts differ from `size`, or a spacing is not a positive number.
  public init(
    size: SIMD3<Int>, spacing: SIMD3<Double>, values: [Double], mask: [Bool]
  ) throws(RadiomicsError) {
    let count = size.x * size.y * size.z
    guard size.min() > 0, values.count == count, mask.count == count else {
      throw RadiomicsError(
        "a lesion's image of \(size.x) x \(size.y) x \(size.z) voxels needs \(count) values and as many mask entries, found "
          + "\(values.count) and \(mask.count)")
    }
    guard spacing.min() > 0, (0..<3).allSatisfy({ spacing[$0].isFinite }) else {
      throw RadiomicsError("the voxel spacing must be positive, found \(spacing.x), \(spacing.y), \(spacing.z) mm")
    }
    self.size = size
    self.spacing = spacing
    self.values = values
    self.mask = mask
  }

  /// Takes parts that are known to fit.
  init(size: SIMD3<Int>, spacing: SIMD3<Double>, fitting values: [Double], _ mask: [Bool]) {
    (self.size, self.spacing, self.values, self.mask) = (size, spacing, values, mask)
  }

  /// The place of a voxel in `values` and `mask`.
  @inlinable
  public func index(_ x: Int, _ y: Int, _ z: Int) -> Int { (z * size.y + y) * size.x + x }
}
