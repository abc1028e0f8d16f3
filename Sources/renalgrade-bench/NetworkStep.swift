import ArgumentParser
import Backbones
import Foundation
import Study
import Torch

/// Times training steps of any network on random images, lesions or volumes, input excluded, as `network_step.py` does it.
struct NetworkStep: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Time training steps of a network of images or volumes on random input.")

  /// What the backbone's images are: an example each, or the slices of a lesion.
  enum Examples: String, ExpressibleByArgument, CaseIterable {
    /// Each is an example; so is each volume that a backbone of volumes takes.
    case each
    /// A lesion's slices are a bag, pooled by gated attention, as the learner `bag` has it.
    case bag
    /// A lesion's slices are a volume of the learner `volume`, whose trained stages are inflated.
    case volume
  }

  @Argument(help: "The backbone, such as inception_v3, resnet50 or r3d_18.")
  var backbone: String

  @Option(help: "What the images are: each an example, or the slices of lesions that are bags or volumes.")
  var examples = Examples.each

  @Option(help: "The last frozen stage; without it every stage is trained.")
  var frozenThrough: String?

  @Option(help: "Images, lesions or volumes per step.")
  var batch = 16

  @Option(help: "Slices of a lesion or volume.")
  var slices = 16

  @Option(help: "Rows and columns in pixels.")
  var size: Int

  @Option(help: "float32 or bfloat16.")
  var precision = StudyProtocol.Training.Precision.float32

  @Flag(help: "Compute the frozen stages' output once, before the time starts.")
  var storedFeatures = false

  @Flag(help: "Train on the GPU.")
  var gpu = false

  @Option(help: "Steps that are timed.")
  var steps = 8

  @Option(help: "Threads inside one operation.")
  var threads = ProcessInfo.processInfo.activeProcessorCount

  func run() throws {
    guard !gpu || LibTorch.isCUDAAvailable else { throw ValidationError("no GPU: \(LibTorch.cudaStatus)") }
    LibTorch.setThreadCount(threads)
    let device: Device = gpu ? .cuda(0) : .cpu
    let network = try Backbone.make(backbone, classes: 2, seed: 1)
    try network.freeze(through: frozenThrough)
    try network.move(to: device, format: .channelsLast)
    let learner = try learner(on: network)
    let optimiser = try Adam(learner.parameters, .init(learningRate: 1e-5, beta1: 0.8, weightDecay: 0.8))
    let preprocessing = network.preprocessing
    let places = preprocessing.kind == .images ? [size, size] : [slices, size, size]
    let images = examples == .each ? batch : batch * slices
    let input = try Tensor.normal([images, preprocessing.channels] + places, seed: 1).to(device).to(.channelsLast)
    let targets = try Tensor((0..<batch).map { Int64($0 % 2) }, shape: [batch], device: device)
    let classWeights = try Tensor([1, 2.5] as [Float], shape: [2], device: device)
    let dtype: DType = precision == .bfloat16 ? .bfloat16 : .float32
    func frozen() throws -> Tensor {
      try withAutocast(dtype, on: device) { () throws(TorchError) in try network.frozenPart(input) }
    }
    let stored = storedFeatures ? try frozen() : nil
    func step() throws {
      let features = try stored ?? frozen()
      let logits = try withAutocast(dtype, on: device) { () throws(TorchError) in
        try learner.logits(features)
      }
      try optimiser.clearGradients()
      let loss = try logits.crossEntropy(targets, classWeights: classWeights)
      try loss.backward()
      try optimiser.step()
      // What a GPU is asked to do it does later: reading the loss waits for it.
      _ = try loss.item()
    }
    for _ in 0..<2 { try step() }
    let measurement = Measurement(seconds: try (0..<steps).map { _ in try seconds(step) }, items: Double(batch))
    try measurement.print()
  }
  /// What follows the frozen stages: features to logits, and what is trained.
  private func learner(
    on network: Backbone
  ) throws -> (logits: (Tensor) throws(TorchError) -> Tensor, parameters: [(name: String, tensor: Tensor)]) {
    switch examples {
    case .each:
      return (
        { (features) throws(TorchError) in try network.trainedPart(features, training: true) },
        network.trainedParameters
      )
    case .bag:
      let bags = try BagNetwork(network, .attention, seed: 1)
      let groups = Array(repeating: Array(repeating: 1, count: slices), count: batch)
      return (
        { (features) throws(TorchError) in try bags.logits(features, groups: groups, training: true) },
        bags.trainedParameters
      )
    case .volume:
      let volumes = try VolumeNetwork(network)
      let groups = Array(repeating: [slices], count: batch)
      return (
        { (features) throws(TorchError) in try volumes.logits(features, groups: groups, training: true) },
        volumes.trainedParameters
      )
    }
  }
}
