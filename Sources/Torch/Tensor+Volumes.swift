// Volumes as stacks of images.

extension Tensor {
  /// The slices of volumes one after the other: N x C x D x H x W to (N D) x C x H x W.
  ///
  /// With channels innermost in memory nothing is copied.
  public func slicesAsImages() throws(TorchError) -> Tensor {
    let size = shape
    guard size.count == 5 else { throw TorchError("expected volumes, N x C x D x H x W, found shape \(size)") }
    return try permuted([0, 2, 1, 3, 4]).reshaped([size[0] * size[2], size[1], size[3], size[4]])
  }

  /// Images as volumes of `count` slices each: (N D) x C x H x W to N x C x D x H x W, the reverse of `slicesAsImages`.
  public func imagesAsSlices(of count: Int) throws(TorchError) -> Tensor {
    let size = shape
    guard size.count == 4, count > 0, size[0] % count == 0 else {
      throw TorchError("expected images for volumes of \(count) slices, found shape \(size)")
    }
    return try reshaped([size[0] / count, count, size[1], size[2], size[3]]).permuted([0, 2, 1, 3, 4])
  }

  /// A pool of volumes as one within their slices and one across them, which gives the same numbers.
  ///
  /// libtorch's own pools of volumes have no deterministic gradient on a GPU, and refuse there in training.
  func pooledWithinAndAcross(
    _ kernel: [Int64], _ stride: [Int64], _ padding: [Int64],
    _ pool: (_ images: Tensor, _ kernel: [Int64], _ stride: [Int64], _ padding: [Int64]) throws(TorchError) -> Tensor
  ) throws(TorchError) -> Tensor {
    let within = try pool(
      slicesAsImages(), Array(kernel.dropFirst()), Array(stride.dropFirst()), Array(padding.dropFirst())
    ).imagesAsSlices(of: shape[2])
    let size = within.shape
    let columns = try within.reshaped([size[0], size[1], size[2], size[3] * size[4]])
    let across = try pool(columns, [kernel[0], 1], [stride[0], 1], [padding[0], 0])
    return try across.reshaped([size[0], size[1], across.shape[2], size[3], size[4]])
  }
}
