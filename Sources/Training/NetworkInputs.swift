import Backbones
import ROI
import Torch

/// Turns ROIs into what a network takes: crop -> bilinear resize -> ImageNet statistics -> three channels.
struct NetworkInputs {
  private let rois: ROISet
  /// The side in pixels that the network takes.
  let size: Int
  let preprocessing: Preprocessing
  private let device: Device
  private let mean: Tensor
  private let deviation: Tensor

  init(rois: ROISet, size: Int, preprocessing: Preprocessing, device: Device) throws {
    self.rois = rois
    self.size = size
    self.preprocessing = preprocessing
    self.device = device
    mean = try Tensor(preprocessing.mean.map(Float.init), shape: [1, 3, 1, 1]).to(device)
    deviation = try Tensor(preprocessing.standardDeviation.map(Float.init), shape: [1, 3, 1, 1]).to(device)
  }

  /// A batch as N x 3 x size x size, float32.
  func batch(_ samples: [Sample]) throws -> Tensor {
    let side = rois.boxSize
    var images = try rois.withCrops(samples.map(\.index)) {
      try Tensor(joining: $0, shape: [samples.count, 1, side, side], dtype: .float32, device: device)
    }
    if samples.contains(where: \.isFlipped) { images = try mirrored(images, samples) }
    images = try images.resizedBilinearly(height: size, width: size)
    // One grey channel becomes three, each with its own statistics: (x - mean) / std broadcasts.
    return try ((images - mean) / deviation).to(.channelsLast)
  }

  /// The mirror image is taken of the crop: bilinear resizing with half-pixel centres commutes with it.
  private func mirrored(_ images: Tensor, _ samples: [Sample]) throws -> Tensor {
    if samples.allSatisfy(\.isFlipped) { return try images.flipped(3) }
    let both = try Tensor.concatenate([images, images.flipped(3)], along: 0)
    return try both.selecting(
      samples.enumerated().map { $1.isFlipped ? $0 + samples.count : $0 }, along: 0)
  }
}
