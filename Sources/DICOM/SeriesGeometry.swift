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
    /// Slices that lie so far apart that tissue between them is not shown.
    case sparse(spacing: Double, thickness: Double)
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
        "several slices at \(doubled) of \(positions) positions, as in two phases or reconstructions"
      case .timeSeries(let count, let positions):
        "\(slices(count)) at \(positions == 1 ? "1 position" : "\(positions) positions"), as in bolus tracking or "
          + "perfusion, not a stack"
      case .missingSlices(let count, let gap, let spacing):
        "\(slices(count)) missing: the widest gap is \(text(gap)) mm where slices are \(text(spacing)) mm apart"
      case .sparse(let spacing, let thickness):
        "slices are \(text(spacing)) mm apart, but \(text(thickness)) mm thick: what lies between them is not shown"
      case .unevenSpacing(let smallest, let largest):
        "slices are not evenly spaced: from \(text(smallest)) to \(text(largest)) mm"
      case .tilted(let degrees):
        "the stack leans by \(text(degrees)) degrees from the slices' normal, as with a tilted gantry"
      case .shifted(let count, let millimetres):
        "\(slices(count)) up to \(text(millimetres)) mm off the line through the others"
      }
    }
  }

  /// Looks at the slices of one series, in any order.
  ///
  /// Headers round, hence the tolerances: spacings agree within 0.1 %, directions within 0.01, positions within 0.01 mm.
  /// A gap is measured by the smallest step and the slices' thickness, not by the median of widely spaced slices.
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
    if let sliceSpacing {
      defects += Self.gaps(distances, median: sliceSpacing, thickness: Self.median(slices.compactMap(\.sliceThickness)))
    }
    defects += Self.lean(order.map { located[$0].position }, normal)
    self.defects = defects
  }

  /// Whether the slices lie one above the other at even steps, each place once and none missing.
  public var hasEvenSteps: Bool {
    sliceSpacing != nil
      && defects.allSatisfy { defect in
        switch defect {
        case .sparse, .tilted: true
        default: false
        }
      }
  }

  private static let samePlace = 0.01

  private static func mixtures(_ slices: [CTAttributes]) -> [Defect] {
    func kinds<T>(_ values: [T], same: (T, T) -> Bool) -> Int {
      var kinds: [T] = []
      for value in values where !kinds.contains(where: { same($0, value) }) { kinds.append(value) }
      return kinds.count
    }
    var defects: [Defect] = []
    let sizes = kinds(slices) { $0.hasSize(of: $1) }
    if sizes > 1 { defects.append(.mixedSizes(count: sizes)) }
    let spacings = kinds(slices.filter { $0.pixelSpacing != nil }) { $0.hasPixelSpacing(of: $1) }
    if spacings > 1 { defects.append(.mixedPixelSpacings(count: spacings)) }
    let orientations = kinds(slices.filter { $0.rowDirection != nil && $0.columnDirection != nil }) {
      $0.hasOrientation(of: $1)
    }
    if orientations > 1 { defects.append(.mixedOrientations(count: orientations)) }
    return defects
  }

  /// The slices by size, pixel spacing and orientation, as indices: one kind, unless the series is a mixture.
  ///
  /// The largest kind comes first. What a slice does not state tells it from no other.
  public static func kinds(of slices: [CTAttributes]) -> [[Int]] {
    var kinds: [[Int]] = []
    // Those that state everything make the kinds.
    let whole = slices.indices.filter { slices[$0].statesKind }
    for index in whole + slices.indices.filter({ !slices[$0].statesKind }) {
      let place = kinds.firstIndex { slices[$0[0]].isOfKind(of: slices[index]) }
      if let place { kinds[place].append(index) } else { kinds.append([index]) }
    }
    return kinds.map { $0.sorted() }.sorted { ($1.count, $0[0]) < ($0.count, $1[0]) }
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

  private static func median(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.sorted()[values.count / 2]
  }

  /// Gaps as the smallest step and the thickness tell them; the median distance where the stack is regular.
  private static func gaps(_ distances: [Double], median: Double, thickness: Double?) -> [Defect] {
    let step = self.step(distances, median: median, thickness: thickness)
    let missing = distances.reduce(0) { $0 + max(0, Int(min($1 / step, 1e6).rounded()) - 1) }
    let regular = distances.filter { $0 < 1.5 * step }
    var defects: [Defect] = []
    if missing > 0, let widest = distances.max() {
      defects.append(.missingSlices(count: missing, widestGap: widest, spacing: step))
    }
    if let thickness, step > 2.05 * thickness { defects.append(.sparse(spacing: step, thickness: thickness)) }
    if let smallest = regular.min(), let largest = regular.max(), largest - smallest > 0.1 * step {
      defects.append(.unevenSpacing(smallest: smallest, largest: largest))
    }
    return defects
  }

  /// How far apart the slices were made.
  ///
  /// Where only some slices of a stack are there, most distances are gaps and so is their median: then the smallest step
  /// tells, or the thickness where that is larger, for a step may be small because a position is slightly off.
  private static func step(_ distances: [Double], median: Double, thickness: Double?) -> Double {
    guard let smallest = distances.min(), median >= 1.5 * smallest else { return median }
    if let thickness { return min(median, max(smallest, thickness)) }
    return smallest >= smallestReconstruction ? smallest : median
  }

  /// No scanner's slices are closer in mm, so that a smaller step is an error of a position.
  private static let smallestReconstruction = 0.2

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

extension CTAttributes {
  fileprivate func hasSize(of other: CTAttributes) -> Bool { columns == other.columns && rows == other.rows }

  /// Whether the spacings agree within 0.1 %, as rounded headers do; an absent one agrees with any.
  fileprivate func hasPixelSpacing(of other: CTAttributes) -> Bool {
    func agree(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-3 * max(a, b) }
    guard let one = pixelSpacing, let two = other.pixelSpacing else { return true }
    return agree(one.row, two.row) && agree(one.column, two.column)
  }

  /// Whether the directions agree within 0.01; an absent one agrees with any.
  fileprivate func hasOrientation(of other: CTAttributes) -> Bool {
    guard let row = rowDirection, let column = columnDirection, let otherRow = other.rowDirection,
      let otherColumn = other.columnDirection
    else { return true }
    return (row - otherRow).length < 0.01 && (column - otherColumn).length < 0.01
  }

  fileprivate var statesKind: Bool { pixelSpacing != nil && rowDirection != nil && columnDirection != nil }

  fileprivate func isOfKind(of other: CTAttributes) -> Bool {
    hasSize(of: other) && hasPixelSpacing(of: other) && hasOrientation(of: other)
  }
}
