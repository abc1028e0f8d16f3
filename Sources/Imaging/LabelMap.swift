/// Whole numbers on a grid of voxels in the patient's coordinates (left, posterior, superior; mm), such as the masks of
/// lesions, in whatever order and direction its file has them.
public struct LabelMap: Sendable {
  /// The numbers of voxels along the three axes.
  public let size: SIMD3<Int>
  /// The centre of the first voxel.
  public let origin: SIMD3<Double>
  /// From one voxel to the next along each axis.
  public let steps: [SIMD3<Double>]
  /// The labels, those of the first axis beside one another; 0 is nothing.
  public let labels: [Int16]

  /// How far a voxel's centre may lie from a pixel's to be the same, in voxels.
  public static let tolerance = 0.01

  /// Makes a map; nil where there are not as many labels as voxels, or the steps span no volume.
  public init?(size: SIMD3<Int>, origin: SIMD3<Double>, steps: [SIMD3<Double>], labels: [Int16]) {
    let (plane, first) = size.x.multipliedReportingOverflow(by: size.y)
    let (count, second) = plane.multipliedReportingOverflow(by: size.z)
    guard steps.count == 3, size.min() > 0, !first, !second, labels.count == count,
      (steps + [origin]).allSatisfy({ $0.length <= 10_000 }),
      abs(steps[0].dot(steps[1].cross(steps[2]))) > 1e-9
    else { return nil }
    (self.size, self.origin, self.steps, self.labels) = (size, origin, steps, labels)
  }

  /// How many voxels each label has; those of 0 are not counted.
  public var counts: [Int16: Int] {
    labels.reduce(into: [:]) { if $1 != 0 { $0[$1, default: 0] += 1 } }
  }

  /// A position in voxels along the three axes.
  func index(of position: SIMD3<Double>) -> SIMD3<Double> {
    let offset = position - origin
    let volume = steps[0].dot(steps[1].cross(steps[2]))
    return SIMD3(
      offset.dot(steps[1].cross(steps[2])), offset.dot(steps[2].cross(steps[0])), offset.dot(steps[0].cross(steps[1])))
      / volume
  }

  /// Why a slice's pixels are not voxels of the map.
  public enum Mismatch: Error, Equatable, Sendable {
    /// Rows and columns run along other axes, or pixels have other distances.
    case otherSteps
    /// The pixels' centres lie so many voxels from the voxels' centres.
    case shifted(Double)
  }

  /// The voxels that a slice's pixels are.
  public struct Placement: Equatable, Sendable {
    let first: SIMD3<Int>
    let alongRow: SIMD3<Int>
    let alongColumn: SIMD3<Int>
  }

  /// Finds the voxels that the pixels of `plane` are; they may lie beyond the map.
  ///
  /// - Throws: `Mismatch` where a corner lies more than `tolerance` of a voxel from a voxel's centre.
  public func placement(of plane: ImagePlane) throws(Mismatch) -> Placement {
    let last = SIMD2(Double(plane.columns - 1), Double(plane.rows - 1))
    let corner = index(of: plane.origin)
    func unit(_ point: SIMD2<Double>, _ count: Double) throws(Mismatch) -> SIMD3<Int> {
      let step = (index(of: plane.position(point)) - corner) / max(count, 1)
      let whole = step.rounded(.toNearestOrEven)
      guard (whole * whole).sum() == 1, ((step - whole) * max(count, 1)).length <= 1 else { throw .otherSteps }
      return SIMD3(Int(whole.x), Int(whole.y), Int(whole.z))
    }
    let alongRow = try unit(SIMD2(max(last.x, 1), 0), last.x)
    let alongColumn = try unit(SIMD2(0, max(last.y, 1)), last.y)
    guard (alongRow &* alongColumn).wrappedSum() == 0 else { throw .otherSteps }
    let first = corner.rounded(.toNearestOrEven)
    // Far beyond any map, and still a whole number.
    guard first.length < 1e6 else { throw .shifted(first.length) }
    let farthest = [SIMD2(0, 0), SIMD2(last.x, 0), SIMD2(0, last.y), last].map { point in
      let expected = first + SIMD3<Double>(alongRow) * point.x + SIMD3<Double>(alongColumn) * point.y
      return (index(of: plane.position(point)) - expected).length
    }.max()
    guard let farthest, farthest <= Self.tolerance else { throw .shifted(farthest ?? .infinity) }
    return Placement(
      first: SIMD3(Int(first.x), Int(first.y), Int(first.z)), alongRow: alongRow, alongColumn: alongColumn)
  }

  /// Whether any pixel of a slice of `columns` x `rows` is a voxel of the map.
  public func reaches(_ placement: Placement, columns: Int, rows: Int) -> Bool {
    let last = placement.first &+ placement.alongRow &* (columns - 1) &+ placement.alongColumn &* (rows - 1)
    let (low, high) = (pointwiseMin(placement.first, last), pointwiseMax(placement.first, last))
    return (0..<3).allSatisfy { high[$0] >= 0 && low[$0] < size[$0] }
  }

  /// The labels of a slice of `columns` x `rows` pixels, row by row; 0 beyond the map.
  public func labels(at placement: Placement, columns: Int, rows: Int) -> [Int16] {
    var result = [Int16](repeating: 0, count: columns * rows)
    for row in 0..<rows {
      for column in 0..<columns {
        let place = placement.first &+ placement.alongRow &* column &+ placement.alongColumn &* row
        guard place.x >= 0, place.y >= 0, place.z >= 0, place.x < size.x, place.y < size.y, place.z < size.z else {
          continue
        }
        result[row * columns + column] = labels[(place.z * size.y + place.y) * size.x + place.x]
      }
    }
    return result
  }
}
