/// A part of a CT series whose slices share directions and pixels, each at its own place.
///
/// They may be axial, coronal or oblique, at any distances, with a tilted gantry too. It is interpolated linearly within a slice and
/// between two.
public struct OrientedStack: SampledVolume, Sendable {
  /// A slice of the part.
  public struct Slice: Sendable {
    /// The centre of its first pixel in the patient's coordinates (left, posterior, superior; mm).
    public let position: SIMD3<Double>
    /// HU, row by row.
    public let values: [Float]

    /// States a slice.
    public init(position: SIMD3<Double>, values: [Float]) {
      self.position = position
      self.values = values
    }
  }

  private let columns: Int
  private let rows: Int
  private let across: SIMD3<Double>
  private let down: SIMD3<Double>
  private let normal: SIMD3<Double>
  private let slices: [Slice]
  /// The slices' places along the normal in mm, ascending.
  private let heights: [Double]

  /// Makes a volume; nil where a slice has another number of pixels, two lie at one place, or there are fewer than two.
  ///
  /// - Parameters:
  ///   - columns: the number of columns; at least 2.
  ///   - rows: the number of rows; at least 2.
  ///   - across: the direction in which the column index grows, a unit vector.
  ///   - down: the direction in which the row index grows, a unit vector.
  ///   - spacing: the distances of rows and columns in mm.
  ///   - slices: the slices in any order.
  public init?(
    columns: Int, rows: Int, across: SIMD3<Double>, down: SIMD3<Double>, spacing: PixelSpacing, slices: [Slice]
  ) {
    let normal = across.cross(down)
    let ordered = slices.sorted { $0.position.dot(normal) < $1.position.dot(normal) }
    let heights = ordered.map { $0.position.dot(normal) }
    let (count, overflow) = columns.multipliedReportingOverflow(by: rows)
    guard columns > 1, rows > 1, !overflow, spacing.row > 0, spacing.column > 0, ordered.count > 1,
      ordered.allSatisfy({ $0.values.count == count }), heights.allSatisfy(\.isFinite),
      zip(heights, heights.dropFirst()).allSatisfy({ $1 - $0 > 1e-3 })
    else { return nil }
    (self.columns, self.rows, self.slices, self.heights) = (columns, rows, ordered, heights)
    (self.across, self.down, self.normal) = (across / spacing.column, down / spacing.row, normal)
  }

  /// The HU at a position of the patient; nil outside of the centres of the outermost voxels.
  public func hounsfield(at position: SIMD3<Double>) -> Double? {
    let height = position.dot(normal)
    guard height >= heights[0], height <= heights[heights.count - 1] else { return nil }
    var (low, high) = (0, heights.count - 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if heights[middle] <= height { low = middle } else { high = middle }
    }
    let weight = (height - heights[low]) / (heights[high] - heights[low])
    guard let below = value(slices[low], position), let above = value(slices[high], position) else { return nil }
    return (1 - weight) * below + weight * above
  }

  /// The HU in a slice at the foot of a position.
  private func value(_ slice: Slice, _ position: SIMD3<Double>) -> Double? {
    let offset = position - slice.position
    let (x, y) = (offset.dot(across), offset.dot(down))
    guard x >= 0, y >= 0, x <= Double(columns - 1), y <= Double(rows - 1) else { return nil }
    let (column, row) = (min(Int(x), columns - 2), min(Int(y), rows - 2))
    let (right, lower) = (x - Double(column), y - Double(row))
    let start = row * columns + column
    let first = (1 - right) * Double(slice.values[start]) + right * Double(slice.values[start + 1])
    let second =
      (1 - right) * Double(slice.values[start + columns]) + right * Double(slice.values[start + columns + 1])
    return (1 - lower) * first + lower * second
  }
}
