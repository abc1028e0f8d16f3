import ArgumentParser
import Backbones
import Foundation
import Study
import Torch

/// Times training steps of any backbone on random images or volumes, input excluded, as `network_step.py` does it.
struct NetworkStep: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Time training steps of a network of images or volumes on random input.")

  @Argument(help: "The backbone, such as inception_v3 or resnet50-inflated.")
  var backbone: String

  @Option(help: "The last frozen stage; without it every stage is trained.")
  var frozenThrough: String?

  @Option(help: "Images or volumes per step.")
  var batch = 16

  @Option(help: "Slices of a volume.")
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
    let optimiser = try Adam(network.trainedParameters, .init(learningRate: 1e-5, beta1: 0.8, weightDecay: 0.8))
    let preprocessing = network.preprocessing
    let places = preprocessing.kind == .images ? [size, size] : [slices, size, size]
    let input = try Tensor.normal([batch, preprocessing.channels] + places, seed: 1).to(device).to(.channelsLast)
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
        try network.trainedPart(features, training: true)
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
}
