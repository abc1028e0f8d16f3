import Backbones
import ROI
import Study
import Torch

/// Turns ROIs into what a network takes: crop -> bilinear resize -> ImageNet statistics -> three channels.
///
/// The channels are the same slice, or with neighbours the slice before it, itself and the slice after it.
struct NetworkInputs {
  let rois: ROISet
  /// How many slices on each side are seen with a slice: 0 or 1.
  var neighbours = 0
  /// The side in pixels that the network takes.
  let size: Int
  let preprocessing: Preprocessing
  let device: Device

  /// A batch as N x 3 x size x size, float32.
  func batch(_ samples: [Sample]) throws -> Tensor {
    let side = rois.boxSize
    var images = try rois.withCrops(samples.map(\.index), beside: neighbours) {
      try Tensor(
        joining: $0, shape: [samples.count, 2 * neighbours + 1, side, side], dtype: .float32, device: device)
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

extension NetworkInputs {
  /// The inputs that a learner's protocol asks for.
  ///
  /// - Throws: `TrainingError` where the ROIs were cut without the neighbours that it asks for.
  init(_ rois: ROISet, _ settings: StudyProtocol, _ preprocessing: Preprocessing, _ device: Device) throws {
    let neighbours = settings.inputs.neighbours ?? 0
    guard neighbours <= rois.neighbours else {
      throw TrainingError(
        "the protocol \(settings.name) has inputs.neighbours: \(neighbours), but the study's ROIs were cut without neighbouring slices; "
          + "set inputs.neighbours to \(neighbours) in the study's protocol, and make them again with `renalgrade rois build`"
      )
    }
    self.init(
      rois: rois, neighbours: neighbours, size: settings.roi.outputSize, preprocessing: preprocessing, device: device)
  }

  /// What the channels are, for the Methods.
  static func methods(_ settings: StudyProtocol) -> [String] {
    guard (settings.inputs.neighbours ?? 0) > 0 else { return [] }
    return [
      "The three channels of the network were the slice before each outlined slice in its series, the slice itself and the slice after "
        + "it (2.5D), all in the box of the outlined slice and each with its channel's statistics. At the end of a series, and where "
        + "a slice was missing, the slice itself took its neighbour's place."
    ]
  }
}
