import Foundation
import Testing
import Torch

@testable import Backbones

/// Networks of volumes: inflation, published files, and what they take.
@Suite struct VolumeTests {
  private func difference(_ found: Tensor, _ expected: Tensor) throws -> Double {
    try relativeDifference(found.floats(), expected.floats().map(Double.init))
  }

  /// Libraries remember apart whether a thread has been given the process's number of threads.
  @Test func aThreadKeepsItsNumberOfThreadsWhilePreparing() async throws {
    let threads = LibTorch.threadCount
    let count = try await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        LibTorch.setThreadCount(threads + 2)
        let isOthers = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
          LibTorch.setThreadCount(threads)
          isOthers.signal()
        }
        isOthers.wait()
        continuation.resume(
          returning: Result {
            _ = try Preprocessing.imageNet.prepared(.zeros([1, 1, 8, 8]), size: 16)
            return LibTorch.threadCount
          })
      }
    }.get()
    #expect(count == threads + 2)
  }

  /// Before training the inflated stages respond to each slice as the stages of the image's network do to it alone.
  @Test(arguments: ["resnet18", "resnet50"])
  func anInflatedNetworkSeesEachSliceAsItsImage(name: String) throws {
    let images = try Formula.network(name, classes: 2)
    let volumes = try Backbone.make("\(name)-inflated", classes: 2, seed: 1)
    try volumes.load(images.state, replacingHead: false)
    let input = try Formula.images("volumes", [2, 3, 4, 48, 64])
    let slices = try input.slicesAsImages()
    for stage in images.stages {
      try images.freeze(through: stage)
      try volumes.freeze(through: stage)
      let (of, expected) = try (volumes.frozenPart(input), images.frozenPart(slices).imagesAsSlices(of: 4))
      #expect(of.shape == expected.shape && of.shape[2] == 4, "\(stage)")
      // The frozen stages are the same layers; the inflated ones add zeros in another order.
      #expect(try stage < "layer3" || stage == "stem" ? of.data() == expected.data() : difference(of, expected) < 1e-5)
    }
    // Stored features of the images, stacked, are what the trained part continues from.
    try images.freeze(through: "layer2")
    try volumes.freeze(through: "layer2")
    let stored = try images.frozenPart(slices).imagesAsSlices(of: 4)
    let logits = try volumes.trainedPart(stored, training: false)
    #expect(try logits.data() == volumes(input, training: false).data())
    // A volume's logits are the mean of its slices', the classifier being linear.
    let mean = try images.trainedPart(images.frozenPart(slices), training: false).reshaped([2, 4, 2]).mean([1])
    #expect(try difference(logits, mean) < 1e-4)
  }

  /// Once a kernel beside the middle slice is no longer zero, slices see their neighbours.
  @Test func anInflatedKernelLearnsFromNeighbours() throws {
    let network = try Formula.network("resnet18-inflated", classes: 2)
    try network.load(Formula.network("resnet18", classes: 2).state, replacingHead: false)
    try network.freeze(through: "layer2")
    let features = try network.frozenPart(Formula.images("volumes", [1, 3, 3, 64, 64]))
    let loss = try network.trainedPart(features, training: true).crossEntropy(Tensor([1] as [Int64], shape: [1]))
    try loss.backward()
    let kernel = try #require(network.state["layer3.0.conv1.weight"])
    let beside = try #require(try kernel.gradient()).narrowed(2, start: 0, length: 1)
    #expect(try kernel.narrowed(2, start: 0, length: 1).absolute().maximum().item() == 0)
    #expect(try beside.absolute().maximum().item() > 0)
  }

  @Test func aFileWithTheModulePrefixAndADecoderIsRead() throws {
    let source = try Formula.network("medicalnet-resnet10", classes: 2).state
    var file: [String: Tensor] = [:]
    for (name, tensor) in source where !name.hasPrefix("fc.") { file["module.\(name)"] = tensor }
    // Trunk of the published file of ten layers: 14,361,280 numbers, and 12 counters of batches.
    #expect(file.values.map(\.count).reduce(0, +) == 14_361_280)
    #expect(file.count + 12 == 72)
    file["module.bn1.num_batches_tracked"] = try .zeros([], dtype: .int64)
    file["module.conv_seg.0.weight"] = try .zeros([512, 32, 2, 2, 2])
    let network = try Backbone.make("medicalnet-resnet10", classes: 3, seed: 1)
    try network.load(file, replacingHead: true)
    for (name, tensor) in network.state where !name.hasPrefix("fc.") {
      #expect(try tensor.data() == source[name]?.data(), "\(name)")
    }
    #expect(throws: BackboneError.self) { try network.load(file, replacingHead: false) }
  }

  /// The start of a file as MedicalNet saved its own, by Tests/Reference/backbones_further.py.
  @Test func aFileAsMedicalNetSavedItIsRead() throws {
    let url = try #require(Bundle.module.url(forResource: "Fixtures/medicalnet-start.pth", withExtension: nil))
    #expect(try Checkpoint.layout(of: url) == .pickle)
    let start = try Checkpoint.read(url)
    #expect(start["module.conv1.weight"]?.shape == [64, 1, 7, 7, 7])
    let network = try Backbone.make("medicalnet-resnet10", classes: 2, seed: 1)
    let filled = try Formula.network("medicalnet-resnet10", classes: 2).state
    var weights = filled.filter { start["module.\($0.key)"] == nil }
    #expect(weights.count == network.state.count - 5)
    weights.merge(start) { $1 }
    try network.load(weights, replacingHead: false)
    for (name, tensor) in network.state {
      #expect(try tensor.data() == Formula.filled(name, tensor.shape).data(), "\(name)")
    }
    let error = #expect(throws: BackboneError.self) { try network.load(start, replacingHead: true) }
    #expect(error?.description.contains("conv_seg") == false)
  }

  /// Every name that torchvision's own modules have, auxiliary classifiers included, has its place or is ignored.
  @Test(arguments: Backbone.names)
  func everyNameOfThePublishedFileIsUnderstood(name: String) throws {
    let architecture = try Architecture.named(name)
    let owner = architecture.published.backbone ?? name
    var weights: [String: Tensor] = [:]
    for entry in try ParityTests.layout(owner).tensors {
      weights[architecture.published.prefix + entry.name] = try Tensor.full(entry.shape, 0.5)
    }
    let network = try Backbone.make(name, classes: 2, seed: 1)
    try network.load(weights, replacingHead: true)
    let first = try #require(network.state.keys.sorted().first { $0.hasSuffix("running_var") })
    #expect(try network.state[first]?.floats().allSatisfy { $0 == 0.5 } == true)
  }

  @Test func anInputThatDoesNotFitIsNamed() throws {
    func message(_ name: String, _ shape: [Int]) throws -> String {
      let network = try Backbone.make(name, classes: 2, seed: 1)
      let error = #expect(throws: TorchError.self) { try network(.zeros(shape), training: false) }
      return error?.description ?? ""
    }
    #expect(try message("inception_v3", [1, 3, 74, 80]).contains("at least 75 x 75 pixels, found shape [1, 3, 74"))
    #expect(try message("r3d_18", [1, 3, 64, 64]).contains("volumes, N x 3 x slices x rows x columns"))
    #expect(try message("medicalnet-resnet10", [1, 3, 5, 64, 64]).contains("N x 1 x"))
    #expect(try message("resnet18", [1, 3, 5, 64, 64]).contains("images"))
  }

  @Test func volumesArePreparedSliceBySlice() throws {
    let crops = try Tensor.uniform([2, 1, 3, 20, 20], seed: 1)
    let volumes = try Preprocessing.imageNetSlices.prepared(crops, size: 32)
    #expect(volumes.shape == [2, 3, 3, 32, 32] && volumes.isChannelsLast)
    for slice in 0..<3 {
      let alone = try crops.narrowed(2, start: slice, length: 1).reshaped([2, 1, 20, 20])
      let expected = try Preprocessing.imageNet.prepared(alone, size: 32).floats()
      #expect(try volumes.narrowed(2, start: slice, length: 1).floats() == expected)
    }
    let inception = try Preprocessing.inception(size: 299, smallest: 75).prepared(
      crops.narrowed(2, start: 0, length: 1).reshaped([2, 1, 20, 20]), size: 20)
    for (found, value) in zip(
      try inception.narrowed(1, start: 0, length: 1).floats(), try crops.narrowed(2, start: 0, length: 1).floats())
    {
      #expect(abs(found - (value - 0.5) / 0.5) < 1e-6)
    }
    #expect(throws: TorchError.self) { try Preprocessing.imageNet.prepared(crops, size: 32) }
    #expect(throws: TorchError.self) { try Preprocessing.kinetics.prepared(.zeros([2, 3, 3, 20, 20]), size: 32) }
  }

  @Test func medicalNetStandardisesEachVolumeByItsVoxelsAboveZero() throws {
    let values: [Float] = [0, 0.2, 0.4, 0.6, 0, 0, 0, 0.9]
    let crops = try Tensor(values + Array(repeating: 0, count: 8), shape: [2, 1, 2, 2, 2])
    let found = try Preprocessing.medicalNet.prepared(crops, size: 2).floats()
    let above = values.filter { $0 > 0 }
    let mean = above.reduce(0, +) / 4
    let deviation = (above.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / 4).squareRoot()
    for (found, value) in zip(found, values) { #expect(abs(found - (value - mean) / deviation) < 1e-5) }
    #expect(found.suffix(8).allSatisfy { $0 == 0 })
  }
}
