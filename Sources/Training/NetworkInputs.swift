import Backbones
import Experiment
import ROI
import Study
import Torch

/// Turns ROIs into what a network takes: crop -> bilinear resize -> ImageNet statistics -> three channels.
///
/// The channels are the same slice; with neighbours the slice before it, itself and the slice after it; in early fusion a slice of each
/// phase.
struct NetworkInputs {
  let rois: ROISet
  /// How many slices on each side are seen with a slice: 0 or 1.
  var neighbours = 0
  /// The side in pixels that the network takes.
  let size: Int
  let preprocessing: Preprocessing
  let device: Device
  /// The slices of other phases that a slice is seen with, in early fusion.
  var channels: PhaseChannels?
  /// The stacks of slices that a backbone of volumes takes, which samples then are the numbers of; nil where they are slices.
  var stacks: [SliceStack]?

  /// A batch as N x 3 x size x size, or of stacks as N x C x planes x size x size, float32.
  func batch(_ samples: [Sample]) throws -> Tensor {
    if let stacks { return try volumes(samples, stacks) }
    if let channels { return try fused(samples, channels) }
    let side = rois.boxSize
    var images = try rois.withCrops(samples.map(\.index), beside: neighbours) {
      try Tensor(
        joining: $0, shape: [samples.count, 2 * neighbours + 1, side, side], dtype: .float32, device: device)
    }
    if samples.contains(where: \.isFlipped) { images = try mirrored(images, samples) }
    return try preprocessing.prepared(images, size: size)
  }

  /// The same where the channels are phases: zero, after normalisation, where there is no slice of a phase, and in channels beyond
  /// the phases.
  private func fused(_ samples: [Sample], _ channels: PhaseChannels) throws -> Tensor {
    let (side, count) = (rois.boxSize, preprocessing.channels)
    guard samples.allSatisfy({ channels.slices[$0.index] != nil }) else {
      throw TrainingError("a slice that is matched with no phase cannot be an input; the ROIs have changed")
    }
    let seen = samples.flatMap { sample in
      let slices = channels.seen(with: sample.index, dropped: sample.dropped)
      return (0..<count).map { $0 < slices.count ? slices[$0] : nil }
    }
    // What is not there is any crop times 0.
    var images = try rois.withCrops(seen.map { $0 ?? 0 }) {
      try Tensor(joining: $0, shape: [samples.count, count, side, side], dtype: .float32, device: device)
    }
    if samples.contains(where: \.isFlipped) { images = try mirrored(images, samples) }
    let mask = try Tensor(
      seen.map { $0 == nil ? 0 : 1 } as [Float], shape: [samples.count, count, 1, 1], device: device)
    return try preprocessing.prepared(images, size: size) * mask
  }

  private func volumes(_ samples: [Sample], _ stacks: [SliceStack]) throws -> Tensor {
    let side = rois.boxSize
    let planes = samples.map { rois.planes(of: stacks[$0.index]) }
    let depth = (planes.first?.count ?? 0) / (side * side)
    var volumes = try Tensor(
      Array(planes.joined()), shape: [samples.count, 1, depth, side, side], device: device)
    if samples.contains(where: \.isFlipped) { volumes = try mirrored(volumes, samples) }
    return try preprocessing.prepared(volumes, size: size)
  }

  /// The mirror image is taken of the crop: bilinear resizing with half-pixel centres commutes with it.
  private func mirrored(_ images: Tensor, _ samples: [Sample]) throws -> Tensor {
    let columns = images.shape.count - 1
    if samples.allSatisfy(\.isFlipped) { return try images.flipped(columns) }
    let both = try Tensor.concatenate([images, images.flipped(columns)], along: 0)
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
      rois: rois, neighbours: neighbours, size: settings.roi.outputSize, preprocessing: preprocessing, device: device,
      channels: settings.inputs.fusion == .early ? PhaseChannels(rois.entries, settings.inputs.phases) : nil)
  }

  /// What the channels are, for the Methods.
  static func methods(_ settings: StudyProtocol) -> [String] {
    if settings.inputs.fusion == .early {
      let phases = settings.inputs.phases.map(\.name).joined(separator: ", ")
      let probability = settings.inputs.phaseDropoutProbability
      return [
        "The phases (\(phases)) were the channels of one image (early fusion), each with its channel's statistics. Slices were matched by "
          + "their relative position within the lesion's outlined slices of each phase or, where an outline had been carried from one phase "
          + "to another, by their height after its shift; each was cut in the box of its own outline. The channel of a phase that was lacking "
          + "was zero"
          + (settings.inputs.phases.count < 3 ? ", and so was the third channel." : "."),
        probability == 0
          ? "No phase was left out in training."
          : "In training each phase of an example was left out with probability \(probability) in each epoch, but never all of a slice.",
      ]
    }
    let dropout = settings.inputs.phaseDropoutProbability
    let dropped =
      dropout > 0
      ? [
        "In training each phase of an example was left out with probability \(dropout) in each epoch, but never all of an example."
      ] : []
    guard (settings.inputs.neighbours ?? 0) > 0 else { return dropped }
    return dropped + [
      "The three channels of the network were the slice before each outlined slice in its series, the slice itself and the slice after "
        + "it (2.5D), all in the box of the outlined slice and each with its channel's statistics. At the end of a series, and where "
        + "a slice was missing, the slice itself took its neighbour's place."
    ]
  }
}
