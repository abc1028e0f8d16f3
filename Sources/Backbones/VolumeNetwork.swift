public import Torch

/// A network for volumes on a backbone of images: its frozen stages look at slice by slice, so that their stored output is that of the
/// slices, and the kernels of the trained ones reach over the slices beside.
///
/// A volume is a stack of slices in their order. Every kernel of the trained stages that is larger than 1 x 1 is inflated
/// (`InflatedConvolution`); nothing is merged along the stack before the mean over slices, rows and columns that the classifier takes.
/// An example may have several volumes, such as those of two series or phases, whose means are pooled by their mean or per phase. Before
/// training its logits are those of `BagNetwork` with the same pooling. Not `Sendable`: one thread at a time uses a network.
public final class VolumeNetwork {
  /// The network that was inflated; its own kernels stay as they were.
  public let backbone: Backbone
  private let pooling: BagNetwork
  private let stacks: SliceStacks
  private let stages: [any Layer]
  private let kernels: [InflatedConvolution]

  /// Inflates the trained stages of a backbone, which must lie on its device already.
  ///
  /// - Throws: `BackboneError` where it takes volumes itself; `TorchError`.
  public init(_ backbone: Backbone, _ pooling: BagNetwork.Pooling = .mean) throws {
    guard backbone.preprocessing.kind == .images else {
      throw BackboneError(
        "\(backbone.name) takes volumes and cannot be inflated; choose a backbone of images, such as resnet50")
    }
    self.backbone = backbone
    guard pooling != .attention else { throw BackboneError("volumes are pooled by their mean, or per phase") }
    // Neither has weights for a seed to decide.
    self.pooling = try BagNetwork(backbone, pooling, seed: 0)
    let stacks = SliceStacks()
    var kernels: [InflatedConvolution] = []
    var stages: [any Layer] = []
    for layer in backbone.trainedLayers {
      stages.append(
        try layer.replacingConvolutions { (convolution) throws(TorchError) in
          guard convolution.isLargerThanOnePixel else { return convolution }
          let inflated = try InflatedConvolution(convolution, over: stacks)
          kernels.append(inflated)
          return inflated
        })
    }
    (self.stacks, self.kernels, self.stages) = (stacks, kernels, stages)
  }

  /// From what the backbone's `frozenPart` gives for the slices of some examples, one after the other, to logits, examples x classes.
  ///
  /// - Parameters:
  ///   - features: slices x C x H x W.
  ///   - groups: by example, the number of slices of each of its volumes; each at least 1, and as many slices in all as `features` has.
  ///   - phases: by example, the number of the phase of each of its volumes; needed where pooling is per phase.
  ///   - training: the mode of normalisations and dropout.
  /// - Returns: the logits, one row for each example.
  /// - Throws: `TorchError` where the groups do not fit the slices, or the phases the groups.
  public func logits(
    _ features: Tensor, groups: [[Int]], phases: [[Int]] = [], training: Bool
  ) throws(TorchError) -> Tensor {
    try pooling.logits(
      ofLastStage: trainedStages(features, groups, training: training), groups: groups, phases: phases,
      training: training)
  }

  /// Where in the slices of some examples lies what speaks for a class, by each example's logit: the maps of `Backbone.gradCAM`, one for
  /// each slice.
  ///
  /// Parameters and errors are those of `BagNetwork.gradCAM`.
  public func gradCAM(
    _ images: Tensor, groups: [[Int]], phases: [[Int]] = [], of index: Int
  ) throws(TorchError) -> Tensor {
    let output = try withoutGradient { () throws(TorchError) in
      try trainedStages(backbone.frozenPart(images), groups, training: false)
    }
    return try pooling.gradCAM(ofLastStage: output, groups: groups, phases: phases, of: index)
  }

  private func trainedStages(
    _ features: Tensor, _ groups: [[Int]], training: Bool
  ) throws(TorchError) -> Tensor {
    stacks.counts = Array(groups.joined())
    var output = features
    for layer in stages { output = try layer(output, training: training) }
    return output
  }

  // MARK: Weights

  private var trainedTensors: [NamedTensor] { stages.flatMap(\.tensors) + backbone.parts.classifier.tensors }
  private var tensors: [NamedTensor] { backbone.frozenTensors + trainedTensors }

  /// The parameters that are trained, with their names, for the optimiser.
  public var trainedParameters: [(name: String, tensor: Tensor)] {
    trainedTensors.filter { $0.role == .parameter }.map { ($0.name, $0.tensor) }
  }

  /// The live parameters and running statistics under their published names; inflated kernels have one more dimension.
  public var state: [String: Tensor] { Backbone.byName(tensors) }

  /// What of `state` training changes.
  public var trainedState: [String: Tensor] { Backbone.byName(trainedTensors) }

  /// Overwrites parameters and running statistics by a former `state`.
  ///
  /// - Throws: `BackboneError` that names what is missing, has another shape or belongs to no part of the network; nothing is changed
  ///   then.
  public func load(_ weights: [String: Tensor]) throws { try backbone.overwrite(tensors, by: weights, of: tensors) }

  /// Overwrites what training changes by a former `trainedState`.
  ///
  /// - Throws: as `load` does; nothing is changed then.
  public func loadTrainedPart(_ weights: [String: Tensor]) throws {
    try backbone.overwrite(trainedTensors, by: weights, of: trainedTensors)
  }

  /// Takes the inflated kernels back to the backbone's, which stays as it is.
  public func resetKernels() throws { for kernel in kernels { try kernel.reset() } }
}
