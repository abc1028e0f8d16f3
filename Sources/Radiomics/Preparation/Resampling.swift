internal import Dispatch
internal import Foundation

/// Brings a lesion's image to another spacing of voxels.
public struct Resampling: Codable, Equatable, Sendable {
  /// How a value between voxels is found.
  public enum Interpolation: String, Codable, Sendable, CaseIterable {
    /// The nearest voxel's value.
    case nearest
    /// Between the 8 voxels around, linear along each axis.
    case linear
    /// The cubic B-spline through the voxels.
    case cubicBSpline
  }

  /// How the new grid lies on the old one.
  public enum Alignment: String, Codable, Sendable, CaseIterable {
    /// The faces of the first voxels coincide: pyradiomics.
    case corner
    /// The grids' centres coincide: IBSI.
    case centre
  }

  /// How interpolated values are rounded.
  public enum Rounding: String, Codable, Sendable, CaseIterable {
    /// They stay as they are: pyradiomics with images of real numbers.
    case none
    /// To the nearest whole HU: IBSI.
    case nearest
    /// To the next whole HU towards 0: pyradiomics with images of whole numbers.
    case towardsZero
  }

  /// The new distance of voxels in mm along x, y and z; 0 keeps the old one.
  public var spacing: SIMD3<Double>
  /// How values are interpolated.
  public var interpolation: Interpolation
  /// How the mask is: the nearest voxel's, or linearly with those of at least 0.5 in the lesion.
  public var maskInterpolation: Interpolation
  /// How the grids are aligned.
  public var alignment: Alignment
  /// How values are rounded.
  public var rounding: Rounding

  /// States every parameter.
  public init(
    spacing: SIMD3<Double>, interpolation: Interpolation, maskInterpolation: Interpolation, alignment: Alignment,
    rounding: Rounding
  ) {
    self.spacing = spacing
    self.interpolation = interpolation
    self.maskInterpolation = maskInterpolation
    self.alignment = alignment
    self.rounding = rounding
  }

  /// As pyradiomics does it with an image of real numbers.
  public static func pyradiomics(spacing: SIMD3<Double>) -> Resampling {
    Resampling(
      spacing: spacing, interpolation: .cubicBSpline, maskInterpolation: .nearest, alignment: .corner, rounding: .none)
  }

  /// As IBSI asks for.
  public static func ibsi(spacing: SIMD3<Double>, interpolation: Interpolation = .cubicBSpline) -> Resampling {
    Resampling(
      spacing: spacing, interpolation: interpolation, maskInterpolation: .linear, alignment: .centre, rounding: .nearest
    )
  }

  /// No more voxels than this are made of one lesion: 1 GiB of values.
  static let mostVoxels = 1 << 27

  /// Checks the parameters.
  ///
  /// - Throws: `RadiomicsError` that names the one that is wrong.
  public func check() throws(RadiomicsError) {
    guard (0..<3).allSatisfy({ spacing[$0] == 0 || (0.01...100).contains(spacing[$0]) }) else {
      throw RadiomicsError(
        "resampling needs a spacing of 0.01 to 100 mm, or 0 to keep the image's, found "
          + "\(spacing.x), \(spacing.y), \(spacing.z)"
      )
    }
    guard maskInterpolation != .cubicBSpline else {
      throw RadiomicsError("a mask is interpolated `nearest` or `linear`, found `cubicBSpline`")
    }
  }

  /// The lesion on the new grid, of which only the lesion's box with a margin is computed.
  ///
  /// An axis along which the lesion has a single voxel keeps its spacing where the grids are aligned at the corner, as
  /// in pyradiomics.
  ///
  /// - Parameters:
  ///   - image: the lesion on its own grid.
  ///   - margin: in new voxels, at least 0; the grid ends at the image's border.
  /// - Returns: the lesion with the new spacing.
  /// - Throws: `RadiomicsError` where a parameter is wrong, no voxel belongs to the lesion before or after, or the new
  ///   grid has more than 134,217,728 voxels.
  public func applied(to image: LesionImage, margin: Int = 5) throws(RadiomicsError) -> LesionImage {
    try check()
    guard (0..<3).allSatisfy({ (0.001...1000).contains(image.spacing[$0]) }) else {
      throw RadiomicsError(
        "an image is resampled from a spacing of 0.001 to 1000 mm, found \(image.spacing.x), \(image.spacing.y), "
          + "\(image.spacing.z)")
    }
    let box = try image.box()
    var new = spacing.replacing(with: image.spacing, where: spacing .== 0)
    if alignment == .corner {
      for axis in 0..<3 where box.first[axis] == box.last[axis] { new[axis] = image.spacing[axis] }
    }
    // numpy's allclose, by which pyradiomics decides that there is nothing to do.
    let isSame = (0..<3).allSatisfy { abs(image.spacing[$0] - new[$0]) <= 1e-8 + 1e-5 * abs(new[$0]) }
    if isSame, alignment == .corner { return try image.cropped(margin: margin) }

    var axes: [Axis] = []
    for axis in 0..<3 {
      axes.append(
        Axis(
          count: image.size[axis], old: image.spacing[axis], new: new[axis], first: box.first[axis],
          last: box.last[axis],
          margin: Double(max(0, margin)), alignment: alignment))
    }
    guard axes.allSatisfy({ $0.newCount <= Self.mostVoxels }) else { throw Self.tooMany(axes) }
    let (slice, overflow) = axes[0].newCount.multipliedReportingOverflow(by: axes[1].newCount)
    let (count, overflows) = slice.multipliedReportingOverflow(by: axes[2].newCount)
    guard !overflow, !overflows, count <= Self.mostVoxels else { throw Self.tooMany(axes) }

    let grid = Grid(
      size: SIMD3(axes[0].newCount, axes[1].newCount, axes[2].newCount),
      positions: axes.enumerated().map { $1.positions(alongScanline: $0 == 0) })
    var values = grid.values(of: image, interpolation)
    switch rounding {
    case .none: break
    case .nearest: for index in values.indices { values[index].round() }
    case .towardsZero: for index in values.indices { values[index].round(.towardZero) }
    }
    let mask: [Bool]
    if maskInterpolation == .linear {
      // Values a rounding error below 0.5 are 0.5.
      mask = grid.values(of: image.replacing(image.mask.map { $0 ? 1 : 0 }), .linear).map { $0 >= 0.5 - 1e-9 }
    } else {
      mask = grid.values(of: image.replacing(image.mask.map { $0 ? 1 : 0 }), .nearest).map { $0 == 1 }
    }
    guard mask.contains(true) else {
      throw RadiomicsError(
        "no voxel of the lesion is left at a spacing of \(new.x), \(new.y), \(new.z) mm; the "
          + "lesion is smaller than a voxel"
      )
    }
    return try LesionImage(size: grid.size, spacing: new, values: values, mask: mask)
  }

  private static func tooMany(_ axes: [Axis]) -> RadiomicsError {
    let size = axes.map { "\($0.newCount)" }.joined(separator: " x ")
    return RadiomicsError(
      "the lesion would have \(size) voxels, and at most \(mostVoxels) are computed; choose a larger spacing")
  }
}

/// One axis of the new grid, cut to the lesion's box and its margin.
private struct Axis {
  private let oldCount: Int
  private let old: Double
  private let new: Double
  private let alignment: Resampling.Alignment
  /// The first voxel that is computed, in the new grid of the whole image.
  private let firstNew: Double
  /// How many are computed.
  let newCount: Int
  /// Where the whole new grid's first voxel lies, in mm from the old one's.
  private let origin: Double

  init(count: Int, old: Double, new: Double, first: Int, last: Int, margin: Double, alignment: Resampling.Alignment) {
    let ratio = old / new
    oldCount = count
    (self.old, self.new, self.alignment) = (old, new, alignment)
    let whole: Double
    var lower: Double
    var upper: Double
    switch alignment {
    case .corner:
      whole = (Double(count) * ratio).rounded(.up)
      origin = 0.5 * (new - old)
      lower = ((Double(first) - 0.5) * ratio - margin).rounded(.down)
      upper = ((Double(last) + 0.5) * ratio + margin).rounded(.up)
    case .centre:
      // A whole number of voxels stays one when the division errs.
      whole = max(1, (Double(count) * ratio - 1e-6).rounded(.up))
      origin = 0.5 * (Double(count - 1) * old - (whole - 1) * new)
      lower = (((Double(first) - 0.5) * old - origin) / new - margin).rounded(.down)
      upper = (((Double(last) + 0.5) * old - origin) / new + margin).rounded(.up)
    }
    lower = max(lower, 0)
    upper = min(upper, whole - 1)
    firstNew = lower
    newCount = Int(min(max(upper - lower + 1, 1), Double(Int32.max)))
  }

  /// Where each new voxel's centre lies, in old voxels from the first one's centre; nil beyond the image.
  ///
  /// - Parameter alongScanline: whether this is x, along which ITK divides the way between a row's two ends.
  /// - Returns: `newCount` positions.
  func positions(alongScanline: Bool) -> [Double?] {
    let scale = 1 / old
    switch alignment {
    case .corner:
      // The order of these operations is pyradiomics' and ITK's, which decides on ties.
      let ratio = old / new
      let start = ((0.5 * (new - old) / old) + firstNew / ratio) * old
      let (from, to) = (start * scale, (start + new * Double(newCount)) * scale)
      return (0..<newCount).map { index in
        let position =
          alongScanline
          ? from + Double(index) / Double(newCount) * (to - from) : (start + new * Double(index)) * scale
        return position >= -0.5 && position < Double(oldCount) - 0.5 ? position : nil
      }
    case .centre:
      return (0..<newCount).map { index in
        let position = (origin + (firstNew + Double(index)) * new) * scale
        return min(max(position, 0), Double(oldCount - 1))
      }
    }
  }
}

/// The positions of a new grid in an old one.
private struct Grid: Sendable {
  let size: SIMD3<Int>
  /// Along x, y and z.
  let positions: [[Double?]]

  /// The image's values at each position, 0 beyond the image.
  func values(of image: LesionImage, _ interpolation: Resampling.Interpolation) -> [Double] {
    switch interpolation {
    case .nearest:
      let places = positions.map { $0.map { $0.map { Int(($0 + 0.5).rounded(.down)) } } }
      return filled(places) { x, y, z in image.values[image.index(x, y, z)] }
    case .linear:
      let places = positions.enumerated().map { axis, positions in
        positions.map { $0.map { LinearTaps(position: $0, count: image.size[axis]) } }
      }
      return filled(places) { x, y, z in
        func along(_ y: Int, _ z: Int) -> Double {
          let row = image.index(0, y, z)
          let (low, high) = (image.values[row + x.low], image.values[row + x.high])
          return low + (high - low) * x.fraction
        }
        func plane(_ z: Int) -> Double {
          let low = along(y.low, z)
          return low + (along(y.high, z) - low) * y.fraction
        }
        let low = plane(z.low)
        return low + (plane(z.high) - low) * z.fraction
      }
    case .cubicBSpline:
      let spline = SplineCoefficients(image, horizon: 18)
      let places = positions.enumerated().map { axis, positions in
        positions.map { $0.map { SplineCoefficients.Taps(position: $0, count: image.size[axis]) } }
      }
      return filled(places) { x, y, z in spline.value(x, y, z) }
    }
  }

  /// One value for each new voxel from its places along x, y and z, slices side by side.
  private func filled<Place: Sendable>(
    _ places: [[Place?]], _ value: @Sendable (Place, Place, Place) -> Double
  ) -> [Double] {
    var result = [Double](repeating: 0, count: size.x * size.y * size.z)
    result.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let result = buffer
      DispatchQueue.concurrentPerform(iterations: size.z) { k in
        guard let z = places[2][k] else { return }
        for j in 0..<size.y {
          guard let y = places[1][j] else { continue }
          let row = (k * size.y + j) * size.x
          for (i, place) in places[0].enumerated() {
            if let x = place { result[row + i] = value(x, y, z) }
          }
        }
      }
    }
    return result
  }
}

/// The two voxels beside a position along an axis.
private struct LinearTaps: Sendable {
  let low: Int
  let high: Int
  let fraction: Double

  init(position: Double, count: Int) {
    let floor = position.rounded(.down)
    low = min(max(Int(floor), 0), count - 1)
    high = min(max(Int(floor) + 1, 0), count - 1)
    fraction = position - floor
  }
}
