internal import Support

/// How far the surfaces of two masks on one grid lie apart.
///
/// A mask's surface is its voxels that have a face neighbour outside the mask or lie at the border of the grid; distances are
/// between the centres of voxels, in mm. MedPy and MONAI take the surface in the same way. By area, the surface lies between the
/// centres of voxels and each piece of it counts by its area, as the package surface-distance has it.
///
/// A grid of one slice is measured in two dimensions: the surface is then the outline within the slice, as MedPy takes it of a 2D mask. (Of
/// a 3D mask with one slice MedPy would take every voxel as surface, since each has an outside above and below.)
public struct SurfaceDistances: Sendable {
  /// From each surface voxel of the first mask to the nearest of the second, ascending.
  public let firstToSecond: [Double]
  /// From each surface voxel of the second mask to the nearest of the first, ascending.
  public let secondToFirst: [Double]
  /// The distances of the surfaces' pieces with their areas, by rising distance.
  private let pieces:
    (firstToSecond: [(distance: Double, area: Double)], secondToFirst: [(distance: Double, area: Double)])

  /// Measures two masks; nil where a mask is empty, since it has no surface, or where size and spacing do not fit the masks.
  ///
  /// - Parameters:
  ///   - first: whether each voxel is inside the first mask, columns fastest.
  ///   - second: the same for the second mask.
  ///   - size: the numbers of columns, rows and slices. With one slice the surface is the outline within it.
  ///   - spacing: the distances in mm of neighbouring columns, rows and slices.
  public init?(_ first: [Bool], _ second: [Bool], size: SIMD3<Int>, spacing: SIMD3<Double>) {
    let (area, isTooLarge) = size.x.multipliedReportingOverflow(by: size.y)
    let (count, isTooDeep) = area.multipliedReportingOverflow(by: size.z)
    guard size.min() > 0, !isTooLarge, !isTooDeep, first.count == count, second.count == count,
      (0..<3).allSatisfy({ spacing[$0].isFinite && spacing[$0] > 0 }), first.contains(true), second.contains(true)
    else { return nil }
    let (one, other) = (Self.surface(first, size), Self.surface(second, size))
    firstToSecond = Self.distances(one, to: other, size, spacing)
    secondToFirst = Self.distances(other, to: one, size, spacing)
    pieces = SurfaceElements.distances(first, second, size: size, spacing: spacing)
  }

  /// How the 95th percentile of both directions becomes one number.
  public enum Definition: String, Codable, CaseIterable, Sendable {
    /// The percentile of the distances of both directions together, as MedPy's `hd95` has it.
    case pooled
    /// The greater of the two directions' percentiles, as MONAI's `compute_hausdorff_distance` has it.
    case greater
    /// The greater of the two directions' percentiles of the surface's area, as surface-distance's `compute_robust_hausdorff` has it.
    case byArea
  }

  /// The 95th percentile of the distances in mm, interpolated linearly between neighbouring ones; by area it is the least distance within
  /// which 95% of the area lies.
  public func hausdorff95(_ definition: Definition) -> Double {
    switch definition {
    case .pooled: Quantile.value(0.95, ofSorted: (firstToSecond + secondToFirst).sorted())
    case .greater: max(Quantile.value(0.95, ofSorted: firstToSecond), Quantile.value(0.95, ofSorted: secondToFirst))
    case .byArea: max(Self.percentile95(pieces.firstToSecond), Self.percentile95(pieces.secondToFirst))
    }
  }

  private static func percentile95(_ pieces: [(distance: Double, area: Double)]) -> Double {
    let total = pieces.reduce(0) { $0 + $1.area }
    var sum = 0.0
    for piece in pieces {
      sum += piece.area
      if sum / total >= 0.95 { return piece.distance }
    }
    return pieces.last?.distance ?? 0
  }

  /// The mean in mm over the distances of both directions together, as MedPy's `assd` and MONAI's symmetric mean have it.
  public var mean: Double {
    (firstToSecond.reduce(0, +) + secondToFirst.reduce(0, +)) / Double(firstToSecond.count + secondToFirst.count)
  }

  /// The means in mm over each surface's area of the distances to the other, as surface-distance's `compute_average_surface_distance` has
  /// them.
  public var meansByArea: (firstToSecond: Double, secondToFirst: Double) {
    func mean(_ pieces: [(distance: Double, area: Double)]) -> Double {
      pieces.reduce(0) { $0 + $1.distance * $1.area } / pieces.reduce(0) { $0 + $1.area }
    }
    return (mean(pieces.firstToSecond), mean(pieces.secondToFirst))
  }

  /// The largest distance in mm: the Hausdorff distance.
  public var hausdorff: Double { max(firstToSecond.last ?? 0, secondToFirst.last ?? 0) }

  private static func surface(_ mask: [Bool], _ size: SIMD3<Int>) -> [Bool] {
    let strides = SIMD3(1, size.x, size.x * size.y)
    // In a single slice, above and below are not outside.
    let axes = size.z > 1 ? 0..<3 : 0..<2
    return mask.indices.map { index in
      guard mask[index] else { return false }
      return axes.contains { axis in
        let place = index / strides[axis] % size[axis]
        return place == 0 || place == size[axis] - 1 || !mask[index - strides[axis]] || !mask[index + strides[axis]]
      }
    }
  }

  private static func distances(
    _ from: [Bool], to targets: [Bool], _ size: SIMD3<Int>, _ spacing: SIMD3<Double>
  ) -> [Double] {
    let squares = SquaredDistances.to(targets, size: size, spacing: spacing)
    return from.indices.filter { from[$0] }.map { squares[$0].squareRoot() }.sorted()
  }
}
