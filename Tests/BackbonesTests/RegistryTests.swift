import Foundation
import Testing
import Torch

@testable import Backbones

/// What every backbone promises, over the whole registry.
@Suite struct RegistryTests {
  /// One of each kind, for the tests that train.
  static let ofEachKind = [
    "resnet18", "resnet50", "efficientnet-lite0", "inception_v3", "googlenet", "resnet18-inflated", "r3d_18",
    "r2plus1d_18", "medicalnet-resnet10", "medicalnet-resnet18",
  ]

  /// Two images or volumes, as small as the network can be trained on.
  static func images(_ network: Backbone, _ seed: UInt64 = 7) throws -> Tensor {
    let preprocessing = network.preprocessing
    let shape =
      preprocessing.kind == .images
      ? [2, preprocessing.channels, max(64, preprocessing.smallestSize + 32), max(64, preprocessing.smallestSize)]
      : [2, preprocessing.channels, 5, 32, 48]
    return try .normal(shape, seed: seed)
  }

  /// Some training steps on random images.
  static func train(_ network: Backbone, steps: Int = 2) throws {
    let optimiser = try Adam(network.trainedParameters, .init(learningRate: 1e-3))
    for step in 0..<steps {
      let logits = try network(images(network, UInt64(step)), training: true)
      try optimiser.clearGradients()
      try logits.crossEntropy(Tensor([0, 1] as [Int64], shape: [2])).backward()
      try optimiser.step()
    }
  }

  static func bits(_ network: Backbone) throws -> [String: Data] { try network.state.mapValues { try $0.data() } }

  @Test func unknownNameListsTheNames() {
    let error = #expect(throws: BackboneError.self) { try Backbone.make("resnet51", classes: 2, seed: 1) }
    for name in ["resnet51"] + Backbone.names { #expect(error?.description.contains(name) == true) }
    #expect(throws: BackboneError.self) { try Backbone.make("resnet18", classes: 0, seed: 1) }
  }

  @Test func namesAreUnique() {
    #expect(Set(Backbone.names).count == Backbone.names.count)
    #expect(Set(["resnet18", "resnet34", "resnet50", "efficientnet-lite0"]).isSubset(of: Backbone.names))
  }

  @Test(arguments: Backbone.names)
  func tensorNamesAndStagesAreUnique(name: String) throws {
    let parts = try Architecture.named(name).build(2, .zeros)
    let names = parts.stages.flatMap { $0.layer.tensors.map(\.name) } + parts.classifier.tensors.map(\.name)
    #expect(Set(names).count == names.count)
    let stages = parts.stages.map(\.name)
    #expect(Set(stages).count == stages.count)
    #expect(stages.first == "stem")
    let preprocessing = try Architecture.named(name).preprocessing
    #expect([1, 3].contains(preprocessing.channels))
    #expect(preprocessing.standardDeviation.count == preprocessing.channels)
    #expect(preprocessing.inputSize >= max(32, preprocessing.smallestSize))
  }

  @Test(arguments: ofEachKind, [nil, "first", "middle", "last"])
  func frozenAndTrainedMakeTheWhole(name: String, place: String?) throws {
    let network = try Backbone.make(name, classes: 3, seed: 1)
    let stages = network.stages
    let cut = ["first": stages[0], "middle": stages[stages.count / 2], "last": stages[stages.count - 1]]
    let images = try Self.images(network)
    let whole = try network(images, training: false)
    #expect(whole.shape == [2, 3])

    try network.freeze(through: place.flatMap { cut[$0] })
    #expect(network.frozenThrough == place.flatMap { cut[$0] })
    let features = try network.frozenPart(images)
    #expect(!features.requiresGradient)
    #expect(features.shape[0] == 2)
    let logits = try network.trainedPart(features, training: false)
    #expect(try logits.data() == whole.data())
    #expect(try network(images, training: false).data() == whole.data())
  }

  @Test(arguments: ofEachKind)
  func onlyTheTrainedPartLearns(name: String) throws {
    let network = try Backbone.make(name, classes: 2, seed: 1)
    let cut = network.stages.count / 2
    try network.freeze(through: network.stages[cut])
    let before = try Self.bits(network)
    try Self.train(network)
    let after = try Self.bits(network)

    let parts = try Architecture.named(name).build(2, .zeros)
    let frozen = Set(parts.stages[...cut].flatMap { $0.layer.tensors.map(\.name) })
    for (key, tensor) in network.state {
      #expect((before[key] == after[key]) == frozen.contains(key), "\(key)")
      let isTrainedParameter = !frozen.contains(key) && !key.contains("running_")
      #expect(try (tensor.gradient() != nil) == isTrainedParameter, "\(key)")
    }
    #expect(Set(network.trainedParameters.map(\.name)).isDisjoint(with: frozen))

    try network.freeze(through: nil)
    #expect(
      network.trainedParameterCount
        == network.state.filter { !$0.key.contains("running_") }.values.map(\.count).reduce(0, +))
    try Self.train(network, steps: 1)
    for (name, tensor) in network.trainedParameters { #expect(try tensor.gradient() != nil, "\(name)") }
  }

  @Test(arguments: Backbone.names)
  func theSameSeedGivesTheSameBits(name: String) throws {
    func run(_ seed: UInt64) throws -> [String: Data] {
      let network = try Backbone.make(name, classes: 2, seed: seed)
      try network.freeze(through: network.stages[1])
      return try Self.bits(network)
    }
    let first = try run(5)
    #expect(try run(5) == first)
    let other = try run(6)
    for (key, tensor) in try Backbone.make(name, classes: 2, seed: 1).state where tensor.shape.count != 1 {
      #expect(first[key] != other[key], "\(key)")
    }
  }

  @Test(arguments: ofEachKind)
  func theTrainedPartGoesBackToWhereItWas(name: String) throws {
    let network = try Backbone.make(name, classes: 2, seed: 1)
    try network.freeze(through: network.stages[2])
    try network.move(to: .cpu, format: .channelsLast)
    let before = try Self.bits(network)
    let kept = try network.trainedState.mapValues { try $0.copied() }
    let formats = network.state.mapValues(\.isChannelsLast)
    try Self.train(network)
    let changed = try Self.bits(network).filter { $0.value != before[$0.key] }
    #expect(!changed.isEmpty && changed.keys.allSatisfy { kept[$0] != nil })
    try network.loadTrainedPart(kept)
    #expect(try Self.bits(network) == before)
    #expect(network.state.mapValues(\.isChannelsLast) == formats)
    #expect(network.trainedParameters.allSatisfy { $0.tensor.requiresGradient })
    #expect(throws: BackboneError.self) { try network.loadTrainedPart([:]) }
  }

  @Test(arguments: Backbone.names)
  func publishedWeightsLoadUnderANewHead(name: String) throws {
    let architecture = try Architecture.named(name)
    let published = try Backbone.make(name, classes: architecture.published.classes ?? 2, seed: 1).state
    let network = try Backbone.make(name, classes: 2, seed: 2)
    let fresh = try Self.bits(network)
    var weights = published
    weights["bn1.num_batches_tracked"] = try .zeros([])
    try network.load(weights, replacingHead: true)
    let head = Set(try architecture.build(2, .zeros).classifier.tensors.map(\.name))
    for (key, bits) in try Self.bits(network) {
      #expect(try bits == (head.contains(key) ? fresh[key] : published[key]?.data()), "\(key)")
    }
  }

  @Test(arguments: Backbone.names)
  func weightsThatDoNotFitAreNamed(name: String) throws {
    let network = try Backbone.make(name, classes: 2, seed: 1)
    let before = try Self.bits(network)
    func message(_ weights: [String: Tensor], replacingHead: Bool = false) -> String {
      let error = #expect(throws: BackboneError.self) { try network.load(weights, replacingHead: replacingHead) }
      return error?.description ?? ""
    }
    let first = try #require(network.state.keys.sorted().first)
    var weights = network.state
    weights[first] = nil
    #expect(message(weights).contains("\(first) is missing"))
    weights[first] = try .zeros([5, 4])
    let shape = try #require(network.state[first]).shape
    #expect(message(weights).contains("\(first): expected shape \(shape), found [5, 4]"))
    weights = network.state
    weights["other.surplus"] = try .zeros([1])
    #expect(message(weights).contains("other.surplus belongs to no part"))
    #expect(message([:]).contains("more"))
    let wide = try Backbone.make(name, classes: 1000, seed: 1).state
    #expect(message(wide).contains("replace the head"))
    #expect(try Self.bits(network) == before)
  }

  @Test(arguments: Backbone.names)
  func anUnknownStageListsTheStages(name: String) throws {
    let network = try Backbone.make(name, classes: 2, seed: 1)
    let error = #expect(throws: BackboneError.self) { try network.freeze(through: "layer9") }
    for stage in ["layer9"] + network.stages { #expect(error?.description.contains(stage) == true) }
    #expect(network.frozenThrough == nil)
  }

  /// bfloat16 keeps 8 bits, so one rounding is up to 0.4% off; over the depth of these networks the features stay within
  /// 6% of their root mean square.
  @Test(arguments: ofEachKind)
  func bfloat16StaysCloseToFloat32(name: String) throws {
    let network = try Formula.network(name, classes: 8)
    try network.freeze(through: network.stages[network.stages.count / 2])
    let images = try Self.images(network)
    let exact = try network(images, training: false).floats().map(Double.init)
    try network.move(to: .cpu, format: .channelsLast)
    func halfPrecision(training: Bool) throws -> Tensor {
      let images = try images.to(.channelsLast)
      return try withAutocast(.bfloat16, on: .cpu) { () throws(TorchError) in try network(images, training: training) }
    }
    #expect(try relativeDifference(halfPrecision(training: false).floats(), exact) < 0.06)
    let logits = try halfPrecision(training: true)
    #expect(logits.dtype == .bfloat16)
    try logits.crossEntropy(Tensor([0, 1] as [Int64], shape: [2])).backward()
    for (name, tensor) in network.trainedParameters {
      #expect(tensor.dtype == .float32)
      let gradient = try #require(try tensor.gradient())
      #expect(gradient.dtype == .float32, "\(name)")
      #expect(try gradient.squared().sum().item().isFinite, "\(name)")
    }
  }

  /// Training twice in bfloat16, channels last, deterministic kernels only, gives the same bits; and none refuses.
  ///
  /// Dropout draws from the calling thread's generator, which starts from the same seed.
  @Test(arguments: ofEachKind)
  func trainingRepeatsBitForBit(name: String) throws {
    func run() throws -> [String: Data] {
      try LibTorch.seed(5)
      let network = try Backbone.make(name, classes: 2, seed: 3)
      try network.freeze(through: network.stages[1])
      try network.move(to: .cpu, format: .channelsLast)
      let optimiser = try Adam(network.trainedParameters, .init(learningRate: 1e-4, weightDecay: 0.8, decoupled: true))
      for step in 0..<2 {
        let images = try Self.images(network, UInt64(step)).to(.channelsLast)
        let logits = try withAutocast(.bfloat16, on: .cpu) { () throws(TorchError) in
          try network.trainedPart(network.frozenPart(images), training: true)
        }
        try optimiser.clearGradients()
        try logits.crossEntropy(Tensor([0, 1] as [Int64], shape: [2])).backward()
        try optimiser.step()
      }
      return try Self.bits(network)
    }
    try LibTorch.setDeterministic(true)
    defer { try? LibTorch.setDeterministic(false) }
    #expect(try run() == run())
  }
}

extension Initialiser {
  /// Zeros, for a network that gets its weights from elsewhere.
  fileprivate static let zeros = Initialiser.taking { _, shape throws(TorchError) in try .zeros(shape) }
}
