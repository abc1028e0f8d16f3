import Foundation
import Testing
import Torch

@testable import Backbones

/// Against PyTorch: the golden values of Tests/Reference/bags.py.
@Suite struct BagNetworkTests {
  private static let groups = ["slices": [[1, 1], [1], [1, 1, 1]], "phases": [[1, 1], [1], [2, 1]]]

  private struct Golden: Decodable {
    let predicted: [Double]
    let weights: [[Double]]
    let losses: [Double]
    let logits: [Double]
    let gradients: [String: ParityTests.Summary]
    let after: [String: ParityTests.Summary]
    let change: [String: ParityTests.Summary]
  }

  private func network(_ pooling: BagNetwork.Pooling) throws -> BagNetwork {
    let backbone = try Formula.network("resnet18", classes: 2)
    try backbone.freeze(through: "layer3")
    let network = try BagNetwork(backbone, pooling, seed: 1)
    let weights = try network.trainedState.map { ($0.key, try Formula.filled($0.key, $0.value.shape)) }
    try network.loadTrainedPart(Dictionary(uniqueKeysWithValues: weights))
    return network
  }

  private func slices(_ name: String, _ network: BagNetwork) throws -> Tensor {
    try network.backbone.frozenPart(Formula.images(name, [6, 3, 64, 64]))
  }

  @Test(arguments: [.mean, .attention] as [BagNetwork.Pooling], ["slices", "phases"])
  func fiveStepsAgree(pooling: BagNetwork.Pooling, kind: String) throws {
    let all = try JSONDecoder().decode([String: Golden].self, from: fixture("bags.json"))
    let golden = try #require(all["\(pooling.rawValue) \(kind)"])
    let groups = try #require(Self.groups[kind])
    let network = try network(pooling)
    let features = try slices("bag", network)
    let predicted = try withoutGradient { () throws(TorchError) in
      try network.logits(features, groups: groups, training: false)
    }
    #expect(try relativeDifference(predicted.floats(), golden.predicted) < 1e-4)
    let weights = try network.weights(features, groups: groups)
    #expect(weights.map(\.count) == groups.map(\.count))
    for (found, expected) in zip(weights.joined(), golden.weights.joined()) { #expect(abs(found - expected) < 1e-5) }
    #expect(weights.allSatisfy { abs($0.reduce(0, +) - 1) < 1e-6 })

    let trained = network.trainedParameters
    #expect(Set(trained.map(\.name)) == Set(golden.gradients.keys))
    let before = Dictionary(uniqueKeysWithValues: try trained.map { ($0.name, try $0.tensor.copied()) })
    let optimiser = try Adam(trained, .init(learningRate: 1e-5, beta1: 0.8, weightDecay: 0.8))
    let targets = try Tensor([0, 1, 1] as [Int64], shape: [3])
    let classWeights = try Tensor([1, 2.5] as [Float], shape: [2])
    for (step, batch) in ["bag0.21", "bag1", "bag2", "bag3", "bag4"].enumerated() {
      let logits = try network.logits(slices(batch, network), groups: groups, training: true)
      let loss = try logits.crossEntropy(targets, classWeights: classWeights)
      try optimiser.clearGradients()
      try loss.backward()
      if step == 0 {
        #expect(try relativeDifference(logits.floats(), golden.logits) < 1e-4)
        for (name, parameter) in trained {
          let gradient = try #require(try parameter.gradient(), "\(name)")
          // The softmax does not depend on what is added to all scores: that gradient is rounding alone.
          if name == "attention.score.bias" { continue }
          let difference = try #require(golden.gradients[name]).difference(from: gradient)
          #expect(difference < 1e-4, "gradient of \(name)")
        }
      }
      try optimiser.step()
      #expect(abs(try loss.item() - golden.losses[step]) < 1e-4 * golden.losses[step], "loss of step \(step)")
    }
    for (name, expected) in golden.after where name != "attention.score.bias" {
      let difference = try expected.difference(from: #require(network.state[name]))
      #expect(difference < 1e-4, "\(name) after 5 steps")
    }
    for (name, parameter) in trained where name != "attention.score.bias" {
      let change = try parameter - #require(before[name])
      let difference = try #require(golden.change[name]).difference(from: change.detached())
      #expect(difference < 3e-2, "change of \(name)")
    }
  }

  @Test func bagsOfOneSliceAreTheBackbonesSlices() throws {
    let network = try network(.mean)
    let features = try slices("bag", network)
    try withoutGradient { () throws(TorchError) in
      let alone = try network.backbone.trainedPart(features, training: false).floats()
      let bags = try network.logits(features, groups: Array(repeating: [1], count: 6), training: false).floats()
      #expect(zip(alone, bags).allSatisfy { abs($0 - $1) < 1e-5 })
    }
  }

  @Test(arguments: [.mean, .attention] as [BagNetwork.Pooling])
  func theOrderOfSlicesAndOtherBagsDoNotMatter(pooling: BagNetwork.Pooling) throws {
    let network = try network(pooling)
    let features = try slices("bag", network)
    try withoutGradient { () throws(TorchError) in
      let logits = try network.logits(features, groups: [[1, 1, 1], [1, 1, 1]], training: false).floats()
      let turned = try features.selecting([5, 3, 4, 2, 0, 1], along: 0)
      let other = try network.logits(turned, groups: [[1, 1, 1], [1, 1, 1]], training: false).floats()
      #expect(zip(logits, other[2...] + other[..<2]).allSatisfy { abs($0 - $1) < 1e-5 })
      #expect(abs(logits[0] - logits[2]) > 1e-3)
      let alone = try network.logits(features.narrowed(0, start: 0, length: 3), groups: [[1, 1, 1]], training: false)
      #expect(zip(logits, try alone.floats()).allSatisfy { abs($0 - $1) < 1e-5 })
    }
  }

  /// The logit of a bag is its slices' mean of what each would have alone, so each map is a share of the map of the slice alone.
  @Test func mapsOfABagAreSharesOfItsSlices() throws {
    let mean = try network(.mean)
    let images = try Formula.images("bag", [6, 3, 64, 64])
    let alone = try mean.backbone.gradCAM(images, of: 1).floats()
    let bags = try mean.gradCAM(images, groups: [[1, 1], [1], [2, 1]], of: 1).floats()
    #expect(alone.contains { $0 > 0 })
    let size = alone.count / 6
    for (slice, share) in [0.5, 0.5, 1, 0.25, 0.25, 0.5].enumerated() {
      for place in slice * size..<(slice + 1) * size {
        #expect(abs(Double(bags[place]) - share * Double(alone[place])) < 1e-5 + 1e-4 * Double(abs(alone[place])))
      }
    }
    let attention = try network(.attention)
    let maps = try attention.gradCAM(images, groups: [[1, 1], [1], [2, 1]], of: 1)
    #expect(maps.shape == [6, alone.count / 6 == 4 ? 2 : 0, 2])
    #expect(try attention.trainedParameters.allSatisfy { try $0.tensor.gradient() == nil })
  }

  @Test func groupsThatDoNotFitAndStatesOfOthersAreRefused() throws {
    let mean = try network(.mean)
    let attention = try network(.attention)
    let features = try slices("bag", mean)
    for groups in [[[1, 1]], [[3], []], [[6, 0]], [[7]], [[-1, 7]]] {
      #expect(throws: TorchError.self, "\(groups)") { try mean.logits(features, groups: groups, training: false) }
    }
    let missing = #expect(throws: BackboneError.self) { try attention.load(mean.state) }
    #expect(missing?.description.contains("attention.value.weight is missing") == true)
    let stranger = #expect(throws: BackboneError.self) { try mean.load(attention.state) }
    #expect(stranger?.description.contains("attention.gate.bias belongs to no part") == true)
    // The attention begins anew by its seed, which each tensor's name decides with.
    let weight = try #require(attention.state["attention.value.weight"])
    try attention.resetAttention()
    let fresh = try BagNetwork(Formula.network("resnet18", classes: 2), .attention, seed: 1).state
    #expect(try weight.floats() == fresh["attention.value.weight"]?.floats())
    let other = try BagNetwork(Formula.network("resnet18", classes: 2), .attention, seed: 2).state
    #expect(try weight.floats() != other["attention.value.weight"]?.floats())
  }
}
