import Backbones
import ROI
import Torch

/// Turns ROIs into what a network takes: crop -> bilinear resize -> ImageNet statistics -> three channels.
struct NetworkInputs {
  let rois: ROISet
  /// The side in pixels that the network takes.
  let size: Int
  let preprocessing: Preprocessing
  let device: Device

  /// A batch as N x 3 x size x size, float32.
  func batch(_ samples: [Sample]) throws -> Tensor {
    let side = rois.boxSize
    var images = try rois.withCrops(samples.map(\.index)) {
      try Tensor(joining: $0, shape: [samples.count, 1, side, side], dtype: .float32, device: device)
    }
    if samples.contains(where: \.isFlipped) { images = try mirrored(images, samples) }
    return try preprocessing.prepared(images, size: size)
  }

  /// The mirror image is taken of the crop: bilinear resizing with half-pixel centres commutes with it.
  private func mirrored(_ images: Tensor, _ samples: [Sample]) throws -> Tensor {
    if samples.allSatisfy(\.isFlipped) { return try images.flipped(3) }
    let both = try Tensor.concatenate([images, images.flipped(3)], along: 0)
    return try both.selecting(
      samples.enumerated().map { $1.isFlipped ? $0 + samples.count : $0 }, along: 0)
  }
}
