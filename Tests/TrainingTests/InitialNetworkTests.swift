import Backbones
import Foundation
import Study
import TestSupport
import Testing
import Torch

@testable import Training

@Suite struct InitialNetworkTests {
  private let folder: TemporaryFolder
  private let settings: StudyProtocol.Network
  /// A store without any weights.
  private var noWeights: WeightsStore { WeightsStore(cache: folder.url) }

  init() throws {
    folder = try TemporaryFolder()
    var settings = try demoProtocol().requireNetwork()
    settings.backbone = "resnet18"
    settings.substitute = nil
    self.settings = settings
  }

  @Test func missingWeightsNameTheRemedyOrTheSubstitute() throws {
    var network = settings
    let error = #expect(throws: TrainingError.self) {
      try InitialNetwork(network, seed: 1, weightsFile: nil, store: noWeights)
    }
    for remedy in ["renalgrade weights get resnet18", "--weights FILE"] {
      #expect(error?.description.contains(remedy) == true)
    }
    network.substitute = try demoProtocol().network?.substitute
    let neither = #expect(throws: TrainingError.self) {
      try InitialNetwork(network, seed: 1, weightsFile: nil, store: noWeights)
    }
    #expect(neither?.description.contains("substitute efficientnet-lite0") == true)
    // Scratch needs none, and freezes nothing.
    network.initialisation = .scratch
    let fresh = try InitialNetwork(network, seed: 1, weightsFile: nil, store: noWeights)
    #expect(
      fresh.backbone == "resnet18" && fresh.frozenThrough == nil && fresh.weightsHash == nil && fresh.notes.isEmpty)
  }

  @Test func weightsOfAnotherNetworkAreRefused() throws {
    var network = settings
    network.backbone = "resnet34"
    let file = try SyntheticStudy.weights.get().file
    let error = #expect(throws: BackboneError.self) {
      try InitialNetwork(network, seed: 1, weightsFile: file, store: noWeights)
    }
    #expect(error?.description.contains("not those of resnet34") == true)
  }

  @Test func everyFoldStartsFromTheSameWeights() throws {
    for initialisation in [StudyProtocol.Network.Initialisation.imagenet, .scratch] {
      var network = settings
      network.initialisation = initialisation
      let file = initialisation == .imagenet ? try SyntheticStudy.weights.get().file : nil
      let initial = try InitialNetwork(network, seed: 1, weightsFile: file, store: noWeights)
      let start = try initial.network.state.mapValues { try $0.floats() }
      for tensor in initial.network.state.values { try tensor.add(Tensor.full(tensor.shape, 1), times: 1) }
      try initial.reset()
      #expect(try initial.network.state.mapValues { try $0.floats() } == start)
    }
  }

  @Test func weightsThatChangeDuringARunAreRefused() throws {
    let file = folder.url.appendingPathComponent("weights.safetensors")
    let original = try Data(contentsOf: SyntheticStudy.weights.get().file)
    try original.write(to: file)
    let initial = try InitialNetwork(settings, seed: 1, weightsFile: file, store: noWeights)
    // Written anew with the same contents, it is still the same file.
    try FileManager.default.removeItem(at: file)
    try original.write(to: file)
    try initial.reset()
    var changed = original
    changed[changed.count - 1] ^= 1
    try changed.write(to: file)
    let error = #expect(throws: TrainingError.self) { try initial.reset() }
    #expect(error?.description.contains("restore the previous one") == true)
  }
}
