import Evaluation
import ROI
import Support

/// Two readings' masks of one lesion on one grid.
struct MaskComparison {
  let dice: Double?
  let jaccard: Double?
  let hausdorff95: Double?
  let meanSurfaceDistance: Double?
  let note: String?

  init(_ first: [Bool], _ second: [Bool], _ volumes: ReadingVolumes) {
    let common = zip(first, second).count { $0 && $1 }
    let (one, other) = (first.count { $0 }, second.count { $0 })
    guard one > 0, other > 0 else {
      (dice, jaccard, hausdorff95, meanSurfaceDistance) = (nil, nil, nil, nil)
      note = "an outline encloses the centre of no voxel"
      return
    }
    note = nil
    dice = 2 * Double(common) / Double(one + other)
    jaccard = Double(common) / Double(one + other - common)
    let distances = SurfaceVoxels.distances(first, second, size: volumes.size, spacing: volumes.spacing)
    hausdorff95 = distances.percentile95
    meanSurfaceDistance = distances.mean
  }

  /// Each reading against what more than half of them include.
  static func consensus(
    _ volumes: ReadingVolumes
  ) -> (dice: [Double?], staple: [(sensitivity: Double, specificity: Double)]?) {
    let count = volumes.masks.count
    guard count > 1, let first = volumes.masks.first else { return (volumes.masks.map { _ in nil }, nil) }
    let majority = first.indices.map { place in 2 * volumes.masks.count { $0[place] } > count }
    let inMajority = majority.count { $0 }
    let dice = volumes.masks.map { mask -> Double? in
      let total = mask.count { $0 } + inMajority
      return total > 0 ? 2 * Double(zip(mask, majority).count { $0 && $1 }) / Double(total) : nil
    }
    return (dice, nil)
  }
}

/// The voxels of a mask that have a neighbour beyond it, through whose centres its surface is taken to go.
enum SurfaceVoxels {
  /// The distances in mm of both masks' surface voxels to the nearest of the other, pooled.
  static func distances(
    _ first: [Bool], _ second: [Bool], size: SIMD3<Int>, spacing: SIMD3<Double>
  ) -> (percentile95: Double, mean: Double) {
    let (one, other) = (places(first, size, spacing), places(second, size, spacing))
    func nearest(_ from: [SIMD3<Double>], _ to: [SIMD3<Double>]) -> [Double] {
      from.map { place in
        var least = Double.infinity
        for target in to {
          let offset = place - target
          least = min(least, (offset * offset).sum())
        }
        return least.squareRoot()
      }
    }
    let all = (nearest(one, other) + nearest(other, one)).sorted()
    return (Quantile.value(0.95, ofSorted: all), all.reduce(0, +) / Double(all.count))
  }

  private static func places(_ mask: [Bool], _ size: SIMD3<Int>, _ spacing: SIMD3<Double>) -> [SIMD3<Double>] {
    func isInside(_ x: Int, _ y: Int, _ z: Int) -> Bool {
      x >= 0 && y >= 0 && z >= 0 && x < size.x && y < size.y && z < size.z && mask[(z * size.y + y) * size.x + x]
    }
    return mask.indices.filter { mask[$0] }.compactMap { index in
      let (x, y, z) = (index % size.x, index / size.x % size.y, index / (size.x * size.y))
      let isInner =
        isInside(x - 1, y, z) && isInside(x + 1, y, z) && isInside(x, y - 1, z) && isInside(x, y + 1, z)
        && isInside(x, y, z - 1) && isInside(x, y, z + 1)
      return isInner ? nil : SIMD3(Double(x), Double(y), Double(z)) * spacing
    }
  }
}
