import Foundation
import Testing
import Torch

@testable import Backbones

/// Phases with a classifier each, and bags of volumes.
@Suite struct PhasePoolingTests {
  private static let groups = [[2, 1], [1], [1, 1]]
  private static let phases = [[0, 1], [1], [1, 2]]

  private func network(_ phases: Int = 3) throws -> BagNetwork {
    let backbone = try Formula.network("resnet18", classes: 2 * phases)
    try backbone.freeze(through: "layer3")
    return try BagNetwork(backbone, .perPhase, seed: 1)
  }

  /// The logits are those of one linear layer on the phases' joined vectors, zero where one is missing, and their presence.
  @Test func itIsALastLayerOnTheJoinedVectors() throws {
    let network = try network()
    let images = try Formula.images("bag", [6, 3, 64, 64])
    let (found, vectors) = try withoutGradient { () throws(TorchError) in
      let features = try network.backbone.frozenPart(images)
      return (
        try network.logits(features, groups: Self.groups, phases: Self.phases, training: false).floats(),
        try network.backbone.vectors(network.backbone.trainedStages(features, training: false)).floats()
      )
    }
    let weight = try #require(network.state["fc.weight"]).floats().map(Double.init)
    let bias = try #require(network.state["fc.bias"]).floats().map(Double.init)
    let width = 512
    var (expected, slice): ([Double], Int) = ([], 0)
    for (groups, phases) in zip(Self.groups, Self.phases) {
      var joined = [Double](repeating: 0, count: 3 * width)
      var presence = [0.0, 0, 0]
      for (size, phase) in zip(groups, phases) {
        presence[phase] = 1
        for place in 0..<width {
          let sum = (0..<size).reduce(0) { $0 + Double(vectors[(slice + $1) * width + place]) }
          joined[phase * width + place] = sum / Double(size)
        }
        slice += size
      }
      for output in 0..<2 {
        expected.append(
          (0..<3).reduce(0) { sum, phase in
            let row = 2 * phase + output
            return sum + presence[phase] * bias[row]
              + (0..<width).reduce(0) { $0 + weight[row * width + $1] * joined[phase * width + $1] }
          })
      }
    }
    #expect(try relativeDifference(found, expected) < 1e-4)
  }

  /// Unlike under a mean, which phase is which counts; a phase that a lesion lacks gets no gradient from it.
  @Test func phasesAreToldApart() throws {
    let network = try network(2)
    let features = try network.backbone.frozenPart(Formula.images("bag", [2, 3, 64, 64]))
    func logits(_ phases: [Int]) throws -> [Float] {
      try withoutGradient { () throws(TorchError) in
        try network.logits(features, groups: [[1, 1]], phases: [phases], training: false).floats()
      }
    }
    let (one, other) = (try logits([0, 1]), try logits([1, 0]))
    #expect(zip(one, other).contains { abs($0 - $1) > 1e-3 })
    let alone = try network.logits(
      features.narrowed(0, start: 0, length: 1), groups: [[1]], phases: [[1]], training: false)
    try alone.crossEntropy(Tensor([1] as [Int64], shape: [1])).backward()
    let weight = try #require(network.state["fc.weight"])
    let found = try weight.gradient()
    let gradient = try #require(found).floats()
    #expect(gradient.prefix(2 * 512).allSatisfy { $0 == 0 } && gradient.suffix(2 * 512).contains { $0 != 0 })
    let maps = try network.gradCAM(
      Formula.images("bag", [2, 3, 64, 64]), groups: [[1, 1]], phases: [[0, 1]], of: 1)
    #expect(maps.shape == [2, 2, 2])
  }

  @Test func phasesThatDoNotFitAreRefused() throws {
    let network = try network(2)
    let features = try network.backbone.frozenPart(Formula.images("bag", [2, 3, 64, 64]))
    for phases in [[], [[0]], [[0, 2]], [[0, -1]], [[0, 1], [0]]] {
      #expect(throws: TorchError.self, "\(phases)") {
        try network.logits(features, groups: [[1, 1]], phases: phases, training: false)
      }
    }
    #expect(throws: BackboneError.self) { try VolumeNetwork(Formula.network("resnet18", classes: 4), .attention) }
  }

  /// Before training, volumes of each phase give what bags of their slices do.
  @Test func volumesOfPhasesBeginAsBags() throws {
    let backbone = try Formula.network("resnet18", classes: 6)
    try backbone.freeze(through: "layer3")
    let (bags, volumes) = (try BagNetwork(backbone, .perPhase, seed: 1), try VolumeNetwork(backbone, .perPhase))
    let features = try backbone.frozenPart(Formula.images("bag", [6, 3, 64, 64]))
    let (expected, found) = try withoutGradient { () throws(TorchError) in
      (
        try bags.logits(features, groups: Self.groups, phases: Self.phases, training: false).floats(),
        try volumes.logits(features, groups: Self.groups, phases: Self.phases, training: false).floats()
      )
    }
    #expect(try relativeDifference(found, expected.map(Double.init)) < 1e-4)
  }

  /// A bag may be made of volumes: one alone has the backbone's own logits, and of several the vectors are averaged.
  @Test(arguments: ["r3d_18", "medicalnet-resnet10", "resnet18-inflated"])
  func bagsMayBeMadeOfVolumes(name: String) throws {
    let backbone = try Formula.network(name, classes: 2)
    try backbone.freeze(through: "layer2")
    let network = try BagNetwork(backbone, .mean, seed: 1)
    let volumes = try Formula.images("volumes", [3, backbone.preprocessing.channels, 4, 32, 32])
    let (own, single, both) = try withoutGradient { () throws(TorchError) in
      let features = try backbone.frozenPart(volumes)
      return (
        try backbone.trainedPart(features, training: false).floats(),
        try network.logits(features, groups: [[1], [1], [1]], training: false).floats(),
        try network.logits(features, groups: [[1, 1], [1]], training: false).floats()
      )
    }
    #expect(try relativeDifference(single, own.map(Double.init)) < 1e-5)
    let mean = [(own[0] + own[2]) / 2, (own[1] + own[3]) / 2, own[4], own[5]]
    #expect(try relativeDifference(both, mean.map(Double.init)) < 1e-5)
  }

  /// With these weights nothing speaks for either of two classes, whose maps are zero throughout; of eight classes some are not.
  @Test(arguments: ["r3d_18", "medicalnet-resnet10", "resnet18-inflated"])
  func mapsOfVolumesAreTheBackbones(name: String) throws {
    let backbone = try Formula.network(name, classes: 8)
    let network = try BagNetwork(backbone, .mean, seed: 1)
    let volumes = try Formula.images("volumes", [2, backbone.preprocessing.channels, 4, 32, 32])
    let maps = try (0..<8).map { index in
      (
        found: try network.gradCAM(volumes, groups: [[1], [1]], of: index),
        expected: try backbone.gradCAM(volumes, of: index).floats()
      )
    }
    #expect(maps.allSatisfy { $0.found.shape.count == 4 && $0.found.shape[0] == 2 })
    let (zero, others) = (
      maps.filter { $0.expected.allSatisfy { $0 == 0 } }, maps.filter { $0.expected.contains { $0 > 0 } }
    )
    #expect(!others.isEmpty)
    for map in others { #expect(try relativeDifference(map.found.floats(), map.expected.map(Double.init)) < 1e-4) }
    for map in zero { #expect(try map.found.floats().allSatisfy { $0 == 0 }) }
  }
}
