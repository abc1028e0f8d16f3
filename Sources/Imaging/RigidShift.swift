/// The translation that carries what lies in a box of one CT volume to where it lies in another, such as an outline between two
/// phases of an exam, between which the patient has breathed.
///
/// The shift is that with the highest normalised cross-correlation of the box's HU. It is looked for on a grid of 4 mm, then of 2 and
/// 1 mm around the best, and last by a parabola through the best and its neighbours along each axis. Rotation and deformation are not
/// corrected, so the score says how far the result can be trusted.
public struct RigidShift: Equatable, Sendable {
  /// How far a shift is looked for along each axis, in mm.
  public static let reach = 15.0
  /// The score below which a shift is flagged as poor.
  public static let acceptableScore = 0.7
  /// The share of the box that must lie within the other volume for a shift to count.
  private static let leastOverlap = 0.5

  /// From the position in the first volume to that in the second, along the grid's axes in mm: left, posterior, superior.
  public let millimetres: SIMD3<Double>
  /// The normalised cross-correlation at that shift, -1...1.
  public let score: Double
  /// Whether the best shift lies at the edge of what was searched, so that the true one may lie beyond.
  public let isAtEdge: Bool

  /// Whether the shift should not be used without a person's confirmation: a low score, or at the edge of the search.
  public var isPoor: Bool { score < Self.acceptableScore || isAtEdge }

  /// Looks for the shift of a box.
  ///
  /// - Parameters:
  ///   - fixed: the volume in which the box lies.
  ///   - moving: the other volume, in the same patient coordinates; its spacing may differ.
  ///   - lower: the box's lowest corner in mm (left, posterior, superior).
  ///   - upper: the box's highest corner.
  ///   - step: the spacing in mm of the points at which the volumes are compared; at least 0.5.
  /// - Returns: the shift; nil where the box or the other volume's part is flat, or less than half of the box lies in the
  ///   other volume whatever the shift.
  public static func find(
    _ fixed: some SampledVolume, _ moving: some SampledVolume, lower: SIMD3<Double>, upper: SIMD3<Double>,
    step: Double = 2
  ) -> RigidShift? {
    let points = points(fixed, lower, upper, step: max(step, 0.5))
    guard points.count >= 27 else { return nil }
    var scores: [SIMD3<Double>: Double] = [:]
    func score(_ shift: SIMD3<Double>) -> Double? {
      if let known = scores[shift] { return known.isFinite ? known : nil }
      let found = correlation(points, moving, shift)
      scores[shift] = found ?? .nan
      return found
    }
    var best: (shift: SIMD3<Double>, score: Double)?
    func consider(around centre: SIMD3<Double>, spacing: Double, count: Int) {
      for z in -count...count {
        for y in -count...count {
          for x in -count...count {
            let shift = centre + spacing * SIMD3(Double(x), Double(y), Double(z))
            guard isWithinReach(shift), let found = score(shift) else { continue }
            if found > best?.score ?? -.infinity { best = (shift, found) }
          }
        }
      }
    }
    consider(around: .zero, spacing: 4, count: 3)
    for spacing in [2.0, 1] {
      guard let centre = best?.shift else { return nil }
      consider(around: centre, spacing: spacing, count: 1)
    }
    // What the coarser grids missed: climb by 1 mm until no neighbour is better.
    while let before = best?.shift {
      consider(around: before, spacing: 1, count: 1)
      if best?.shift == before { break }
    }
    guard let best else { return nil }
    var refined = best.shift
    var isAtEdge = false
    for axis in 0..<3 {
      var unit = SIMD3<Double>.zero
      unit[axis] = 1
      guard isWithinReach(best.shift + unit), isWithinReach(best.shift - unit), let above = score(best.shift + unit),
        let below = score(best.shift - unit)
      else {
        isAtEdge = true
        continue
      }
      let curvature = above - 2 * best.score + below
      if curvature < 0 { refined[axis] += max(-0.5, min(0.5, (below - above) / (2 * curvature))) }
    }
    return RigidShift(millimetres: refined, score: best.score, isAtEdge: isAtEdge)
  }

  private static func isWithinReach(_ shift: SIMD3<Double>) -> Bool {
    (0..<3).allSatisfy { abs(shift[$0]) <= reach }
  }

  /// The points of the box that lie in the volume, with their HU.
  private static func points(
    _ volume: some SampledVolume, _ lower: SIMD3<Double>, _ upper: SIMD3<Double>, step: Double
  ) -> [(position: SIMD3<Double>, value: Double)] {
    // No box that a kidney fits has more than 20 cm a side; a larger one is damaged, and would take memory without end.
    guard (0..<3).allSatisfy({ (0...200).contains(upper[$0] - lower[$0]) }) else { return [] }
    var points: [(position: SIMD3<Double>, value: Double)] = []
    for z in stride(from: lower.z, through: upper.z, by: step) {
      for y in stride(from: lower.y, through: upper.y, by: step) {
        for x in stride(from: lower.x, through: upper.x, by: step) {
          let position = SIMD3(x, y, z)
          if let value = volume.hounsfield(at: position) { points.append((position, value)) }
        }
      }
    }
    return points
  }

  /// Pearson's correlation of the points' HU with those of the other volume; nil where too few lie in it, or a side is flat.
  private static func correlation(
    _ points: [(position: SIMD3<Double>, value: Double)], _ moving: some SampledVolume, _ shift: SIMD3<Double>
  ) -> Double? {
    var count = 0.0
    var (sumA, sumB, sumAA, sumBB, sumAB) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for (position, a) in points {
      guard let b = moving.hounsfield(at: position + shift) else { continue }
      count += 1
      sumA += a
      sumB += b
      sumAA += a * a
      sumBB += b * b
      sumAB += a * b
    }
    guard count >= leastOverlap * Double(points.count) else { return nil }
    let spread = (sumAA - sumA * sumA / count) * (sumBB - sumB * sumB / count)
    // A thousandth of an HU squared is rounding, not structure.
    guard spread > 1e-3 * count * count else { return nil }
    return max(-1, min(1, (sumAB - sumA * sumB / count) / spread.squareRoot()))
  }
}

/// A CT volume that can be asked at any position of the patient.
public protocol SampledVolume {
  /// The HU at a position in mm (left, posterior, superior), interpolated; nil outside of the volume.
  func hounsfield(at position: SIMD3<Double>) -> Double?
}

/// A CT volume of slices with equal sides at any positions along the axis, interpolated trilinearly.
public struct SliceStackVolume: SampledVolume, Sendable {
  private let columns: Int
  private let rows: Int
  private let origin: SIMD2<Double>
  private let spacing: SIMD2<Double>
  /// The positions of the slices, ascending.
  private let heights: [Double]
  private let slices: [[Float]]

  /// Makes a volume of axial slices; nil where a slice has another number of pixels, two lie at one position, or there are fewer
  /// than two.
  ///
  /// - Parameters:
  ///   - columns: the number of columns.
  ///   - rows: the number of rows.
  ///   - origin: the position in mm of the first pixel's centre (left, posterior).
  ///   - spacing: the distance in mm of columns and of rows.
  ///   - slices: each slice's position in mm (superior) and HU, row by row; in any order.
  public init?(
    columns: Int, rows: Int, origin: SIMD2<Double>, spacing: SIMD2<Double>,
    slices: [(height: Double, values: [Float])]
  ) {
    let (count, overflow) = columns.multipliedReportingOverflow(by: rows)
    let ordered = slices.sorted { $0.height < $1.height }
    guard columns > 1, rows > 1, !overflow, spacing.x > 0, spacing.y > 0, ordered.count > 1,
      ordered.allSatisfy({ $0.values.count == count && $0.height.isFinite }),
      zip(ordered, ordered.dropFirst()).allSatisfy({ $1.height - $0.height > 1e-3 })
    else { return nil }
    (self.columns, self.rows, self.origin, self.spacing) = (columns, rows, origin, spacing)
    heights = ordered.map(\.height)
    self.slices = ordered.map(\.values)
  }

  /// The HU at a position in mm (left, posterior, superior); nil outside of the centres of the outermost voxels.
  public func hounsfield(at position: SIMD3<Double>) -> Double? {
    let (x, y) = ((position.x - origin.x) / spacing.x, (position.y - origin.y) / spacing.y)
    guard x >= 0, y >= 0, x <= Double(columns - 1), y <= Double(rows - 1), position.z >= heights[0],
      position.z <= heights[heights.count - 1]
    else { return nil }
    var (low, high) = (0, heights.count - 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if heights[middle] <= position.z { low = middle } else { high = middle }
    }
    let z = (position.z - heights[low]) / (heights[high] - heights[low])
    return (1 - z) * value(slices[low], x, y) + z * value(slices[high], x, y)
  }

  private func value(_ slice: [Float], _ x: Double, _ y: Double) -> Double {
    let (column, row) = (min(Int(x), columns - 2), min(Int(y), rows - 2))
    let (right, down) = (x - Double(column), y - Double(row))
    let start = row * columns + column
    let upper = (1 - right) * Double(slice[start]) + right * Double(slice[start + 1])
    let lower = (1 - right) * Double(slice[start + columns]) + right * Double(slice[start + columns + 1])
    return (1 - down) * upper + down * lower
  }
}
