import Foundation
import Testing
import Torch

@testable import Backbones

/// Stacks of slices through inflated stages; against PyTorch by the golden values of Tests/Reference/volumes.py.
@Suite struct VolumeNetworkTests {
  private static let groups = [[2], [1], [1, 3]]

  private struct Golden: Decodable {
    let predicted: [Double]
    let losses: [Double]
    let logits: [Double]
    let gradients: [String: ParityTests.Summary]
    let after: [String: ParityTests.Summary]
    let change: [String: ParityTests.Summary]
  }

  /// A network with the formula's weights, beside the middle slice too.
  private func network() throws -> VolumeNetwork {
    let backbone = try Formula.network("resnet18", classes: 2)
    try backbone.freeze(through: "layer3")
    let network = try VolumeNetwork(backbone)
    let weights = try network.trainedState.map { ($0.key, try Formula.filled($0.key, $0.value.shape)) }
    try network.loadTrainedPart(Dictionary(uniqueKeysWithValues: weights))
    return network
  }

  private func slices(_ name: String, _ network: VolumeNetwork) throws -> Tensor {
    try network.backbone.frozenPart(Formula.images(name, [7, 3, 64, 64]))
  }

  @Test func fiveStepsAgree() throws {
    let golden = try JSONDecoder().decode(Golden.self, from: fixture("volumes.json"))
    let network = try network()
    let features = try slices("volume", network)
    let logits = try withoutGradient { () throws(TorchError) in
      try network.logits(features, groups: Self.groups, training: false)
    }
    #expect(try relativeDifference(logits.floats(), golden.predicted) < 1e-4)

    let trained = network.trainedParameters
    #expect(Set(trained.map(\.name)) == Set(golden.gradients.keys))
    let before = Dictionary(uniqueKeysWithValues: try trained.map { ($0.name, try $0.tensor.copied()) })
    let optimiser = try Adam(trained, .init(learningRate: 1e-5, beta1: 0.8, weightDecay: 0.8))
    let targets = try Tensor([0, 1, 1] as [Int64], shape: [3])
    let classWeights = try Tensor([1, 2.5] as [Float], shape: [2])
    for (step, batch) in ["volume0.56", "volume1", "volume2", "volume3", "volume4"].enumerated() {
      let logits = try network.logits(slices(batch, network), groups: Self.groups, training: true)
      let loss = try logits.crossEntropy(targets, classWeights: classWeights)
      try optimiser.clearGradients()
      try loss.backward()
      if step == 0 {
        #expect(try relativeDifference(logits.floats(), golden.logits) < 1e-4)
        for (name, parameter) in trained {
          let gradient = try #require(try parameter.gradient(), "\(name)")
          #expect(try #require(golden.gradients[name]).difference(from: gradient) < 1e-4, "gradient of \(name)")
        }
      }
      try optimiser.step()
      #expect(abs(try loss.item() - golden.losses[step]) < 1e-4 * golden.losses[step], "loss of step \(step)")
    }
    for (name, expected) in golden.after {
      #expect(try expected.difference(from: #require(network.state[name])) < 1e-4, "\(name) after 5 steps")
    }
    for (name, parameter) in trained {
      let change = try parameter - #require(before[name])
      #expect(try #require(golden.change[name]).difference(from: change.detached()) < 3e-2, "change of \(name)")
    }
  }

  /// Before training the network is that of bags with the mean, whatever the backbone and the cut.
  @Test(
    arguments: [
      ("resnet18", nil), ("resnet18", "layer2"), ("resnet50", "layer3"), ("efficientnet-lite0", "block4"),
      ("inception_v3", "Mixed_6e"), ("googlenet", "inception4e"),
    ] as [(String, String?)])
  func itBeginsAsTheBagOfTheMean(name: String, cut: String?) throws {
    let backbone = try Formula.network(name, classes: 2)
    try backbone.freeze(through: cut)
    let volumes = try VolumeNetwork(backbone)
    let bags = try BagNetwork(backbone, .mean, seed: 1)
    let features = try backbone.frozenPart(Formula.images("volume", [7, 3, 96, 96]))
    let (expected, found) = try withoutGradient { () throws(TorchError) in
      (
        try bags.logits(features, groups: Self.groups, training: false).floats(),
        try volumes.logits(features, groups: Self.groups, training: false).floats()
      )
    }
    #expect(try relativeDifference(found, expected.map(Double.init)) < 1e-4)
    // As many parameters as before, but for the two slices beside each kernel that is larger than 1 x 1.
    let kernels = backbone.trainedParameters.filter { $0.tensor.shape.count == 4 && $0.tensor.shape[2...] != [1, 1] }
    #expect(!kernels.isEmpty)
    #expect(
      volumes.trainedParameters.reduce(0) { $0 + $1.tensor.count }
        == backbone.trainedParameterCount + 2 * kernels.reduce(0) { $0 + $1.tensor.count })
    #expect(volumes.trainedParameters.map(\.name) == backbone.trainedParameters.map(\.name))
  }

  /// Stacks of one depth are what the network of volumes makes of them, which PyTorch's values are compared with elsewhere.
  @Test func stacksOfOneDepthAreVolumes() throws {
    let expected = try Formula.network("resnet18-inflated", classes: 2)
    try expected.freeze(through: "layer2")
    let backbone = try Formula.network("resnet18", classes: 2)
    try backbone.freeze(through: "layer2")
    let network = try VolumeNetwork(backbone)
    // A kernel of one pixel is one of images here.
    let shapes = network.state.mapValues(\.shape)
    try network.load(
      Dictionary(
        uniqueKeysWithValues: expected.state.map { ($0.key, try $0.value.reshaped(shapes[$0.key] ?? $0.value.shape)) }))
    let images = try Formula.images("volumes", [2, 3, 4, 64, 64])
    let slices = try backbone.frozenPart(images.slicesAsImages())
    for training in [false, true] {
      let volumes = try expected.trainedPart(slices.imagesAsSlices(of: 4), training: training)
      let stacks = try network.logits(slices, groups: [[4], [4]], training: training)
      #expect(try relativeDifference(stacks.floats(), volumes.floats().map(Double.init)) < 1e-4)
    }
  }

  @Test func theOrderOfSlicesCountsAndOtherVolumesDoNot() throws {
    let network = try network()
    let features = try slices("volume", network)
    func logits(_ order: [Int], _ groups: [[Int]]) throws -> [Float] {
      try withoutGradient { () throws(TorchError) in
        try network.logits(features.selecting(order, along: 0), groups: groups, training: false).floats()
      }
    }
    func isClose(_ one: some Collection<Float>, _ other: some Collection<Float>) -> Bool {
      zip(one, other).allSatisfy { abs($0 - $1) < 1e-4 }
    }
    let both = try logits([0, 1, 2, 3, 4, 5, 6], [[4], [3]])
    #expect(isClose(both[..<2], try logits([0, 1, 2, 3], [[4]])))
    #expect(isClose(both[2...], try logits([4, 5, 6], [[3]])))
    #expect(!isClose(both[2...], try logits([5, 4, 6], [[3]])))
    // Two volumes of an example do not see each other.
    let (one, other) = (try logits([0, 1], [[2]]), try logits([2, 3, 4], [[3]]))
    #expect(isClose(try logits([0, 1, 2, 3, 4], [[2, 3]]), zip(one, other).map { ($0 + $1) / 2 }))
  }

  /// The maps are those of the logit that the volume has, in the slices' order.
  @Test func mapsAreThoseOfTheVolumesLogit() throws {
    let backbone = try Formula.network("resnet18", classes: 2)
    try backbone.freeze(through: "layer3")
    let images = try Formula.images("bag", [6, 3, 64, 64])
    let fresh = try VolumeNetwork(backbone)
    let bags = try BagNetwork(backbone, .mean, seed: 1).gradCAM(images, groups: [[2], [1], [3]], of: 1)
    let maps = try fresh.gradCAM(images, groups: [[2], [1], [3]], of: 1)
    #expect(try relativeDifference(maps.floats(), bags.floats().map(Double.init)) < 1e-4)
    #expect(try bags.maximum().item() > 0)
    let trained = try network().gradCAM(images, groups: [[2], [1], [3]], of: 1)
    #expect(trained.shape == [6, 2, 2])
    #expect(try relativeDifference(trained.floats(), bags.floats().map(Double.init)) > 0.1)
    #expect(try fresh.trainedParameters.allSatisfy { try $0.tensor.gradient() == nil })
  }

  @Test func groupsBackbonesAndStatesThatDoNotFitAreRefused() throws {
    let network = try network()
    let features = try slices("volume", network)
    for groups in [[[1, 1]], [[7], []], [[7, 0]], [[8]], [[-1, 8]]] {
      #expect(throws: TorchError.self, "\(groups)") { try network.logits(features, groups: groups, training: false) }
    }
    let volumes = try Backbone.make("r3d_18", classes: 2, seed: 1)
    let error = #expect(throws: BackboneError.self) { try VolumeNetwork(volumes) }
    #expect(error?.description.contains("r3d_18 takes volumes and cannot be inflated") == true)
    let flat = #expect(throws: BackboneError.self) { try network.load(network.backbone.state) }
    #expect(flat?.description.contains("layer4.0.conv1.weight: expected shape [512, 256, 3, 3, 3]") == true)
    var state = network.trainedState
    state["attention.score.bias"] = try .zeros([1])
    #expect(throws: BackboneError.self) { try network.loadTrainedPart(state) }
    // The kernels begin anew with the backbone's.
    try network.resetKernels()
    let kernel = try #require(network.state["layer4.0.conv1.weight"])
    #expect(try kernel.narrowed(2, start: 0, length: 1).absolute().maximum().item() == 0)
    #expect(
      try kernel.narrowed(2, start: 1, length: 1).floats()
        == network.backbone.state["layer4.0.conv1.weight"]?.floats())
  }
}
