extension LesionImage {
  /// The first and the last column, row and slice of a part of an image.
  public typealias Box = (first: SIMD3<Int>, last: SIMD3<Int>)

  /// The lesion's box: the first and the last column, row and slice with a voxel of the lesion.
  ///
  /// - Throws: `RadiomicsError` where no voxel belongs to the lesion.
  public func box() throws(RadiomicsError) -> Box {
    var first = size
    var last = SIMD3<Int>(repeating: -1)
    for z in 0..<size.z {
      for y in 0..<size.y {
        let row = index(0, y, z)
        guard let left = mask[row..<row + size.x].firstIndex(of: true),
          let right = mask[row..<row + size.x].lastIndex(of: true)
        else { continue }
        first = pointwiseMin(first, SIMD3(left - row, y, z))
        last = pointwiseMax(last, SIMD3(right - row, y, z))
      }
    }
    guard last.x >= 0 else {
      throw RadiomicsError("the lesion has no voxel; its outlines must enclose the centre of at least one")
    }
    return (first, last)
  }

  /// The image without what lies further from the lesion's box than a margin.
  ///
  /// - Parameter margin: in voxels, at least 0; the crop ends at the image's border, as pyradiomics' `padDistance`
  ///   does.
  /// - Returns: the crop.
  /// - Throws: `RadiomicsError` where no voxel belongs to the lesion.
  public func cropped(margin: Int) throws(RadiomicsError) -> LesionImage {
    let box = try box()
    // A margin as large as the image is every larger one, and cannot overflow.
    let margin = min(max(margin, 0), size.max())
    return cropped(
      from: pointwiseMax(box.first &- margin, .zero), to: pointwiseMin(box.last &+ margin, size &- 1))
  }

  /// The image from one voxel to another; both lie in it, the second not before the first.
  func cropped(from first: SIMD3<Int>, to last: SIMD3<Int>) -> LesionImage {
    var values: [Double] = []
    var mask: [Bool] = []
    let count = last &- first &+ 1
    values.reserveCapacity(count.x * count.y * count.z)
    mask.reserveCapacity(count.x * count.y * count.z)
    for z in first.z...last.z {
      for y in first.y...last.y {
        let row = index(first.x, y, z)
        values += self.values[row..<row + count.x]
        mask += self.mask[row..<row + count.x]
      }
    }
    return LesionImage(size: count, spacing: spacing, fitting: values, mask)
  }
}
