import Foundation
import Testing

@testable import Torch

@Suite struct AdamTests {
  /// The training of `adam` in Tests/Reference/torch_layers.py; `resumingAt` saves and reloads everything before that step.
  static func run(
    decoupled: Bool, format: MemoryFormat = .contiguous, resumingAt: Int? = nil, duringBackward: Bool = false
  ) throws -> [[[Float]]] {
    let settings = Adam.Settings(
      learningRate: 0.05, beta1: 0.8, beta2: 0.99, epsilon: 1e-6, weightDecay: 0.8, decoupled: decoupled)
    var parameters = [("a", try wave([3, 4], 0.3)), ("b", try wave([5], 0.9))]
    for (_, tensor) in parameters { try tensor.setRequiresGradient(true) }
    var optimiser = try Adam(parameters.map { (name: $0.0, tensor: $0.1) }, settings)
    if duringBackward { try optimiser.stepDuringBackward() }
    var states: [[[Float]]] = []
    for step in 0..<6 {
      if step == resumingAt {
        let saved = try optimiser.state.mapValues { try Tensor(copying: $0.data(), shape: $0.shape, dtype: $0.dtype) }
        parameters = try parameters.map { ($0.0, try $0.1.copied()) }
        for (_, tensor) in parameters { try tensor.setRequiresGradient(true) }
        optimiser = try Adam(parameters.map { (name: $0.0, tensor: $0.1) }, settings)
        try optimiser.load(saved)
      }
      if !duringBackward { try optimiser.clearGradients() }
      let (a, b) = (parameters[0].1, parameters[1].1)
      var loss = try (a * wave([3, 4], Double(step))).sum() + a.squared().sum()
      if step != 2 && step != 3 { loss = try loss + (b.squared() * b).sum() }
      try loss.backward()
      if duringBackward {
        #expect(try a.gradient() == nil && b.gradient() == nil)
      } else {
        try optimiser.step()
      }
      states.append(try [a.floats(), b.floats()])
    }
    return states
  }

  @Test(arguments: [false, true])
  func sixStepsAgreeWithTorch(decoupled: Bool) throws {
    let golden = try LayerGolden.read()
    let states = try Self.run(decoupled: decoupled)
    for (found, expected) in zip(states, decoupled ? golden.adamW : golden.adam) {
      #expect(agree(found[0], expected[0]))
      #expect(agree(found[1], expected[1]), "a parameter without a gradient is left alone, its step count too")
    }
  }

  @Test(arguments: [false, true])
  func resumingGivesTheSameBits(decoupled: Bool) throws {
    #expect(try Self.run(decoupled: decoupled, resumingAt: 3) == Self.run(decoupled: decoupled))
  }

  @Test(arguments: [false, true])
  func stepsDuringBackwardGiveTheSameBits(decoupled: Bool) throws {
    #expect(try Self.run(decoupled: decoupled, duringBackward: true) == Self.run(decoupled: decoupled))
  }

  @Test func aParameterIsLeftAloneOnceItsOptimiserIsGone() throws {
    let parameter = try wave([2, 2], 0)
    try parameter.setRequiresGradient(true)
    let before = try parameter.floats()
    var optimiser: Adam? = try Adam([(name: "a", tensor: parameter)], .init())
    try optimiser?.stepDuringBackward()
    optimiser = nil
    try parameter.squared().sum().backward()
    #expect(try parameter.floats() == before)
    #expect(try parameter.gradient() != nil)
  }

  @Test func whatFailsDuringBackwardIsThrown() throws {
    // The moments were made for a parameter that lay in memory in another way.
    let parameter = try wave([2, 3, 4, 5], 0).to(.channelsLast)
    try parameter.setRequiresGradient(true)
    let optimiser = try Adam([(name: "a", tensor: parameter)], .init())
    try optimiser.stepDuringBackward()
    #expect(throws: TorchError.self) {
      try optimiser.load(["exp_avg.a": parameter, "exp_avg_sq.a": parameter])
    }
    let error = #expect(throws: TorchError.self) { try parameter.backward() }
    #expect(error?.description.isEmpty == false)
  }

  @Test func stateIsNamedAfterTheParameters() throws {
    let parameter = try wave([2, 2], 0)
    let optimiser = try Adam([("layer.weight", parameter)], .init())
    #expect(Set(optimiser.state.keys) == ["exp_avg.layer.weight", "exp_avg_sq.layer.weight", "step.layer.weight"])
    var saved = try optimiser.state.mapValues { try $0.copied() }
    saved["exp_avg.layer.weight"] = try .zeros([3])
    let misshapen = #expect(throws: TorchError.self) { try optimiser.load(saved) }
    #expect(misshapen?.description.contains("exp_avg.layer.weight: expected shape [2, 2], found [3]") == true)
    saved["exp_avg.layer.weight"] = nil
    let missing = #expect(throws: TorchError.self) { try optimiser.load(saved) }
    #expect(missing?.description.contains("has no exp_avg.layer.weight") == true)
  }

  @Test func aStepWithoutAnyGradientChangesNothing() throws {
    let parameter = try wave([2, 2], 0)
    try parameter.setRequiresGradient(true)
    let before = try parameter.data()
    let optimiser = try Adam([("p", parameter)], .init(weightDecay: 0.8))
    try optimiser.step()
    #expect(try parameter.data() == before)
    #expect(try optimiser.state["step.p"]?.item() == 0)
    let empty = try Adam([], .init())
    try empty.step()
  }

  /// The fused kernel walks memory: channels-last parameters need moments, and saved moments, in their own order.
  @Test func channelsLastParametersTrainAlike() throws {
    func run(_ format: MemoryFormat) throws -> [Float] {
      let weight = try wave([4, 3, 3, 3], 0.2).to(format)
      try weight.setRequiresGradient(true)
      var optimiser = try Adam([("w", weight)], .init(learningRate: 0.01))
      let images = try wave([2, 3, 6, 6], 0.4).to(format)
      for step in 0..<4 {
        if step == 2 {
          let saved = try optimiser.state.mapValues { try Tensor($0.floats(), shape: $0.shape) }
          optimiser = try Adam([("w", weight)], .init(learningRate: 0.01))
          try optimiser.load(saved)
        }
        try optimiser.clearGradients()
        try images.convolved(weight, bias: nil).squared().sum().backward()
        try optimiser.step()
      }
      #expect(weight.isChannelsLast == (format == .channelsLast))
      return try weight.floats()
    }
    #expect(try agree(run(.channelsLast), run(.contiguous)))
  }

  /// In a process of its own, where no other test makes tensors.
  @Test func aThousandStepsKeepTheNumberOfTensorsFlat() async {
    await #expect(processExitsWith: .success) {
      let layers: [any Layer] = [
        try Conv2d("c", 1, 4, kernel: 3, Initialiser(seed: 1)), try BatchNorm("n", 4), Activation.relu,
        GlobalAveragePool(), try Linear("l", 4, 2, Initialiser(seed: 1)),
      ]
      let network = Sequential(layers)
      let parameters = network.tensors.filter { $0.role == .parameter }.map { (name: $0.name, tensor: $0.tensor) }
      for (_, tensor) in parameters { try tensor.setRequiresGradient(true) }
      let optimiser = try Adam(parameters, .init(learningRate: 1e-3))
      let images = try Tensor.normal([4, 1, 8, 8], seed: 1)
      let targets = try Tensor([0, 1, 0, 1] as [Int64], shape: [4])
      var counts: Set<Int> = []
      for _ in 0..<1000 {
        let logits = try withAutocast(.bfloat16, on: .cpu) { () throws(TorchError) in
          try network(images, training: true)
        }
        try optimiser.clearGradients()
        try logits.crossEntropy(targets).backward()
        try optimiser.step()
        // What fails leaves nothing behind either.
        if (try? images.matmul(targets)) != nil { exit(2) }
        counts.insert(Tensor.liveCount)
      }
      guard counts.count == 1 else {
        print("live tensors went through", counts.sorted())
        exit(1)
      }
    }
  }
}
