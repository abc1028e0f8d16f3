import Foundation
import Imaging

/// Where the slices of a series lie: their order along the normal, and what is wrong with the stack.
public struct SeriesGeometry: Sendable {
  /// The indices of the slices, sorted by position along the normal (the cross product of the row and column directions);
  /// by InstanceNumber where any slice has no position.
  public let order: [Int]
  /// What is wrong, most serious first.
  public let defects: [Defect]
  /// The distance from slice to slice in mm: the median, where there are two positions or more.
  public let sliceSpacing: Double?

  /// Something that is wrong with a stack of slices.
  public enum Defect: Equatable, Sendable, CustomStringConvertible {
    /// Slices of several sizes.
    case mixedSizes(count: Int)
    /// Slices of several pixel spacings.
    case mixedPixelSpacings(count: Int)
    /// Slices of several orientations.
    case mixedOrientations(count: Int)
    /// Slices without position or orientation, so that their order is their numbers'.
    case positionsAbsent(count: Int)
    /// Slices at a position that another slice has already.
    case duplicatePositions(count: Int)
    /// Several slices at so many positions that two phases or reconstructions must lie on one another.
    case overlaid(doubled: Int, positions: Int)
    /// The same few positions time and again, as when a scanner watches the contrast medium arrive.
    case timeSeries(count: Int, positions: Int)
    /// Slices that are missing, as the gaps tell.
    case missingSlices(count: Int, widestGap: Double, spacing: Double)
    /// Distances that differ, though by less than a slice.
    case unevenSpacing(smallest: Double, largest: Double)
    /// The stack leans: the line through the positions is not the normal, as with a tilted gantry.
    case tilted(degrees: Double)
    /// Slices beside the line through the others.
    case shifted(count: Int, millimetres: Double)

    /// Whether these are two series under one UID, rather than one series with a flaw.
    public var isMixture: Bool {
      switch self {
      case .mixedSizes, .mixedPixelSpacings, .mixedOrientations, .overlaid: true
      default: false
      }
    }

    /// Whether this is no stack of slices at all, but images of the same places over time.
    public var isTimeSeries: Bool {
      if case .timeSeries = self { true } else { false }
    }

    /// One sentence without its full stop; lengths in mm, angles in degrees.
    public var description: String {
      func text(_ number: Double) -> String { String(format: "%.2f", number) }
      func slices(_ count: Int) -> String { count == 1 ? "1 slice" : "\(count) slices" }
      return switch self {
      case .mixedSizes(let count): "slices of \(count) different sizes"
      case .mixedPixelSpacings(let count): "slices of \(count) different pixel spacings"
      case .mixedOrientations(let count): "slices of \(count) different orientations"
      case .positionsAbsent(let count):
        "\(slices(count)) without position or orientation; sorted by instance number instead"
      case .duplicatePositions(let count): "\(slices(count)) at the position of another one"
      case .overlaid(let doubled, let positions):
        "several slices at \(doubled) of \(positions) positions, as of two phases or reconstructions"
      case .timeSeries(let count, let positions):
        "\(slices(count)) at \(positions == 1 ? "1 position" : "\(positions) positions"), as of bolus tracking or "
          + "perfusion, and no stack"
      case .missingSlices(let count, let gap, let spacing):
        "\(slices(count)) missing: the widest gap is \(text(gap)) mm where slices are \(text(spacing)) mm apart"
      case .unevenSpacing(let smallest, let largest):
        "slices are not evenly spaced: from \(text(smallest)) to \(text(largest)) mm"
      case .tilted(let degrees):
        "the stack leans by \(text(degrees)) degrees from the slices' normal, as with a tilted gantry"
      case .shifted(let count, let millimetres):
        "\(slices(count)) up to \(text(millimetres)) mm beside the line of the others"
      }
    }
  }

  /// Looks at the slices of one series, in any order.
  ///
  /// Headers round, hence the tolerances: spacings agree within 0.1 %, directions within 0.01, positions within 0.01 mm.
  public init(_ slices: [CTAttributes]) {
    var defects = Self.mixtures(slices)
    let located = slices.compactMap { slice -> (position: SIMD3<Double>, normal: SIMD3<Double>)? in
      guard let position = slice.imagePosition, let row = slice.rowDirection, let column = slice.columnDirection
      else { return nil }
      return (position, row.cross(column))
    }
    guard located.count == slices.count, let normal = located.first?.normal else {
      order = slices.indices.sorted {
        (slices[$0].instanceNumber ?? .max, $0) < (slices[$1].instanceNumber ?? .max, $1)
      }
      // A lone slice needs no order.
      if slices.count > 1 { defects.append(.positionsAbsent(count: slices.count - located.count)) }
      self.defects = defects
      sliceSpacing = nil
      return
    }
    let heights = located.map { $0.position.dot(normal) }
    order = slices.indices.sorted { (heights[$0], $0) < (heights[$1], $1) }
    let sorted = order.map { heights[$0] }
    if defects.isEmpty { defects += Self.overlaid(sorted, slices) }
    guard !defects.contains(where: { $0.isMixture || $0.isTimeSeries }) else {
      self.defects = defects
      sliceSpacing = nil
      return
    }
    let distances = zip(sorted.dropFirst(), sorted).map { $0 - $1 }.filter { $0 > Self.samePlace }
    let duplicates = slices.count - 1 - distances.count
    if duplicates > 0 { defects.append(.duplicatePositions(count: duplicates)) }
    sliceSpacing = distances.isEmpty ? nil : distances.sorted()[distances.count / 2]
    if let sliceSpacing { defects += Self.gaps(distances, spacing: sliceSpacing) }
    defects += Self.lean(order.map { located[$0].position }, normal)
    self.defects = defects
  }

  private static let samePlace = 0.01

  private static func mixtures(_ slices: [CTAttributes]) -> [Defect] {
    func kinds<T>(_ values: [T], same: (T, T) -> Bool) -> Int {
      var kinds: [T] = []
      for value in values where !kinds.contains(where: { same($0, value) }) { kinds.append(value) }
      return kinds.count
    }
    func agree(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-3 * max(a, b) }
    var defects: [Defect] = []
    let sizes = kinds(slices) { $0.columns == $1.columns && $0.rows == $1.rows }
    if sizes > 1 { defects.append(.mixedSizes(count: sizes)) }
    let spacings = kinds(slices.compactMap(\.pixelSpacing)) { agree($0.row, $1.row) && agree($0.column, $1.column) }
    if spacings > 1 { defects.append(.mixedPixelSpacings(count: spacings)) }
    let directions = slices.compactMap { slice in
      slice.rowDirection.flatMap { row in slice.columnDirection.map { (row, $0) } }
    }
    let orientations = kinds(directions) { ($0.0 - $1.0).length < 0.01 && ($0.1 - $1.1).length < 0.01 }
    if orientations > 1 { defects.append(.mixedOrientations(count: orientations)) }
    return defects
  }

  /// More images of one place than an exam has phases are no phases.
  private static let mostPhases = 4

  /// A slice sent twice doubles a position or two; two stacks double most, or say that they are two.
  private static func overlaid(_ heights: [Double], _ slices: [CTAttributes]) -> [Defect] {
    var counts: [Int] = []
    for (index, height) in heights.enumerated() {
      if index > 0, height - heights[index - 1] <= samePlace {
        counts[counts.count - 1] += 1
      } else {
        counts.append(1)
      }
    }
    if slices.count > 1, counts.count == 1 || slices.count > mostPhases * counts.count {
      return [.timeSeries(count: slices.count, positions: counts.count)]
    }
    let doubled = counts.count { $0 > 1 }
    let saysTwo =
      Set(slices.compactMap(\.frameOfReferenceUID)).count > 1 || Set(slices.compactMap(\.kernel)).count > 1
      || Set(slices.compactMap(\.acquisitionNumber)).count > 1
    guard doubled > 0, 2 * doubled >= counts.count || saysTwo else { return [] }
    return [.overlaid(doubled: doubled, positions: counts.count)]
  }

  private static func gaps(_ distances: [Double], spacing: Double) -> [Defect] {
    let missing = distances.reduce(0) { $0 + max(0, Int(($1 / spacing).rounded()) - 1) }
    let regular = distances.filter { $0 < 1.5 * spacing }
    var defects: [Defect] = []
    if missing > 0, let widest = distances.max() {
      defects.append(.missingSlices(count: missing, widestGap: widest, spacing: spacing))
    }
    if let smallest = regular.min(), let largest = regular.max(), largest - smallest > 0.1 * spacing {
      defects.append(.unevenSpacing(smallest: smallest, largest: largest))
    }
    return defects
  }

  /// How the positions, sorted along the normal, depart from it.
  private static func lean(_ positions: [SIMD3<Double>], _ normal: SIMD3<Double>) -> [Defect] {
    guard let first = positions.first, let last = positions.last else { return [] }
    let axis = last - first
    let height = axis.dot(normal)
    guard height > samePlace else { return [] }
    let sideways = axis - height * normal
    var defects: [Defect] = []
    let degrees = atan2(sideways.length, height) * 180 / .pi
    if degrees > 0.5, sideways.length > 0.1 { defects.append(.tilted(degrees: degrees)) }
    let offsets = positions.map { position in
      let offset = position - first
      return (offset - offset.dot(normal) / height * axis).length
    }
    if let largest = offsets.max(), largest > 0.5 {
      defects.append(.shifted(count: offsets.count { $0 > 0.5 }, millimetres: largest))
    }
    return defects
  }
}
