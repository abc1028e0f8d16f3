import Dispatch
import Foundation
import Synchronization
import Testing

@testable import Torch

/// sin(phase + 0.7 i): the inputs of Tests/Reference/torch_layers.py.
func wave(_ shape: [Int], _ phase: Double) throws -> Tensor {
  try Tensor((0..<shape.reduce(1, *)).map { Float(sin(phase + 0.7 * Double($0))) }, shape: shape)
}

/// The golden values of Tests/Reference/torch_layers.py.
struct LayerGolden: Decodable {
  struct Layer: Decodable {
    let output: [Float]
    let shape: [Int]
    let gradients: [[Float]]
    let statistics: [[Float]]?
  }

  let layers: [String: Layer]
  let adam: [[[Float]]]
  let adamW: [[[Float]]]

  static func read() throws -> LayerGolden {
    let url = try #require(Bundle.module.url(forResource: "Fixtures/layers.json", withExtension: nil))
    return try JSONDecoder().decode(LayerGolden.self, from: Data(contentsOf: url))
  }
}

/// Whether two lists agree within 1e-5 of the larger one's scale.
func agree(_ found: [Float], _ expected: [Float], within tolerance: Float = 1e-5) -> Bool {
  let scale = max(1, expected.map(abs).max() ?? 1)
  return found.count == expected.count
    && zip(found, expected).allSatisfy { abs($0 - $1) <= tolerance * scale }
}

/// The layers against torch, forwards and backwards.
@Suite struct LayerTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let input: [Int]
    let scale: Double
    let layer: @Sendable () throws -> any Layer
    var testDescription: String { name }

    init(_ name: String, _ input: [Int], scale: Double = 1, _ layer: @escaping @Sendable () throws -> any Layer) {
      (self.name, self.input, self.scale, self.layer) = (name, input, scale, layer)
    }
  }

  static let cases = [
    Case("conv", [2, 3, 7, 6]) { try Conv2d("l", 3, 4, kernel: 3, stride: 2, .zeros) },
    Case("convSame", [2, 3, 8, 7]) { try Conv2d("l", 3, 4, kernel: 3, stride: 2, padding: .same, .zeros) },
    Case("convSameDepthwise", [1, 4, 9, 8]) {
      try Conv2d("l", 4, 4, kernel: 5, stride: 2, padding: .same, groups: 4, .zeros)
    },
    Case("convSameUnitStride", [1, 2, 6, 5]) { try Conv2d("l", 2, 3, kernel: 5, padding: .same, .zeros) },
    Case("linear", [3, 4]) { try Linear("l", 4, 5, .zeros) },
    Case("batchNorm", [2, 3, 4, 4]) { try BatchNorm("l", 3, momentum: 0.01, epsilon: 1e-3) },
    Case("relu", [4, 5], scale: 3) { Activation.relu },
    Case("relu6", [4, 5], scale: 9) { Activation.relu6 },
    Case("convRectangular", [2, 3, 7, 6]) { try Conv2d("l", 3, 4, kernel: [1, 5], stride: [2, 1], .zeros) },
    Case("convWithoutBorder", [2, 3, 7, 6]) { try Conv2d("l", 3, 4, kernel: 3, stride: 2, padding: .none, .zeros) },
    Case("convVolume", [2, 3, 4, 7, 6]) {
      try Conv3d("l", 3, 4, kernel: [1, 3, 3], stride: [1, 2, 2], .zeros)
    },
    Case("convVolumeDilated", [1, 2, 5, 7, 6]) { try Conv3d("l", 2, 3, kernel: 3, dilation: [2, 2, 1], .zeros) },
    Case("batchNormVolume", [2, 3, 2, 4, 4]) { try BatchNorm("l", 3, momentum: 0.01, epsilon: 1e-3) },
    Case("maxPoolCeiling", [1, 2, 8, 7]) { Pool.maximum(kernel: 3, stride: 2, ceiling: true) },
    Case("maxPoolVolume", [1, 2, 5, 8, 7]) { Pool.maximum(kernel: 3, stride: [1, 2, 2], padding: 1) },
    Case("meanPool", [1, 2, 7, 6]) { Pool.mean(kernel: 3, stride: 1, padding: 1) },
    Case("meanPoolWithoutBorder", [1, 2, 7, 6]) {
      Pool.mean(kernel: [3, 2], stride: 2, padding: 1, ceiling: true, countingPadding: false)
    },
    Case("meanPoolVolume", [1, 2, 5, 6, 7]) { Pool.mean(kernel: [3, 2, 3], stride: [2, 2, 1], padding: [1, 0, 1]) },
    Case("averagePoolVolume", [2, 3, 4, 5, 2]) { GlobalAveragePool() },
    Case("branches", [2, 3, 5, 4]) {
      Branches([try Conv2d("a", 3, 2, kernel: [3, 1], .zeros), try Conv2d("b", 3, 4, kernel: 1, .zeros)])
    },
    Case("maxPool", [1, 2, 7, 6]) { Pool.maximum(kernel: 3, stride: 2, padding: 1) },
    Case("averagePool", [2, 3, 4, 5]) { GlobalAveragePool() },
  ]

  /// In bfloat16 a convolution is trained in other ways than by autocast; all must be the convolution that they stand for, odd
  /// sizes and strides included.
  @Test(
    arguments: [(1, 1), (1, 2), (3, 1), (3, 2), (5, 3)],
    [Tensor.TrainingMethod.convolution, .patchGradient, .pointwiseProduct])
  func trainedConvolutionsAreConvolutions(size: (kernel: Int, stride: Int), method: Tensor.TrainingMethod) throws {
    let (kernel, stride) = size
    guard kernel == 1 || method != .pointwiseProduct else { return }
    let layer = try Conv2d("l", 24, 16, kernel: .all(kernel), stride: .all(stride), Initialiser(seed: 3))
    let weight = layer.tensors[0].tensor
    let shape = [3, 16, (7 + stride - 1) / stride, (6 + stride - 1) / stride]
    func gradients(_ convolve: (Tensor) throws(TorchError) -> Tensor) throws -> [[Float]] {
      try bfloat16Gradients(of: wave([3, 24, 7, 6], 0.1).to(.channelsLast), weight, shape, convolve)
    }
    let border = (kernel - 1) / 2
    let trained = try gradients { (input) throws(TorchError) in
      try input.convolvedInTraining(weight, stride: .all(stride), padding: .all(border), by: method)
    }
    let layered = try gradients { (input) throws(TorchError) in try layer(input, training: true) }
    let convolution = try gradients { (input) throws(TorchError) in
      try input.convolved(weight, stride: .all(stride), padding: .all(border))
    }
    expectClose(trained, convolution)
    expectClose(layered, convolution)
    #expect(throws: TorchError.self) {
      try wave([1, 2, 3, 3], 0).convolvedInTraining(weight, stride: 1, padding: 0, by: method)
    }
  }

  /// The same for volumes, whose slices become an image's channels.
  @Test(
    arguments: [
      ([3, 3, 3], [1, 1, 1]), ([3, 3, 3], [2, 2, 2]), ([1, 1, 1], [1, 1, 1]), ([1, 1, 1], [2, 2, 2]),
      ([3, 1, 1], [1, 1, 1]), ([3, 1, 1], [2, 1, 1]), ([1, 3, 3], [1, 2, 2]), ([3, 7, 7], [1, 2, 2]),
    ], [false, true])
  func trainedConvolutionsOfVolumes(size: (kernel: [Int], stride: [Int]), isChannelsLast: Bool) throws {
    let (kernel, stride) = size
    let layer = try Conv3d("l", 24, 16, kernel: .each(kernel), stride: .each(stride), Initialiser(seed: 3))
    let weight = layer.tensors[0].tensor
    let input = try wave([2, 24, 5, 8, 6], 0.1).to(isChannelsLast ? .channelsLast : .contiguous)
    let shape = [2, 16] + zip([5, 8, 6], stride).map { ($0 + $1 - 1) / $1 }
    let border = kernel.map { ($0 - 1) / 2 }
    let layered = try bfloat16Gradients(of: input, weight, shape) { (input) throws(TorchError) in
      try layer(input, training: true)
    }
    let convolution = try bfloat16Gradients(of: input, weight, shape) { (input) throws(TorchError) in
      try input.convolved(weight, stride: .each(stride), padding: .each(border))
    }
    expectClose(layered, convolution)
    let patches = try bfloat16Gradients(of: input, weight, shape) { (input) throws(TorchError) in
      try input.convolvedInTraining(weight, stride: .each(stride), padding: .each(border), by: .patchGradient)
    }
    expectClose(patches, convolution)
  }

  /// A convolution's output, and the gradients of its input and weight, under autocast to bfloat16.
  private func bfloat16Gradients(
    of input: Tensor, _ weight: Tensor, _ shape: [Int], _ convolve: (Tensor) throws(TorchError) -> Tensor
  ) throws -> [[Float]] {
    let leaf = try input.copied()
    for tensor in [leaf, weight] {
      try tensor.setRequiresGradient(true)
      try tensor.clearGradient()
    }
    let output = try withAutocast(.bfloat16, on: .cpu) { () throws(TorchError) in try convolve(leaf.to(.bfloat16)) }
    #expect(output.dtype == .bfloat16 && output.shape == shape)
    try (output.to(.float32) * wave(shape, 0.7)).sum().backward()
    return [
      try output.to(.float32).floats(), try #require(try leaf.gradient()).floats(),
      try #require(try weight.gradient()).floats(),
    ]
  }

  private func expectClose(_ found: [[Float]], _ expected: [[Float]]) {
    for (one, other) in zip(found, expected) {
      let largest = other.map(abs).max() ?? 0
      #expect(largest > 0 && one.count == other.count && zip(one, other).allSatisfy { abs($0 - $1) <= 0.01 * largest })
    }
  }

  /// libtorch 2.15's own gradient of the weight in bfloat16 is another one each time where a kernel of three slices sees two.
  @Test(arguments: [1, 2, 3, 5], [false, true])
  func volumesOfAnyDepthAreTrainedInBFloat16(slices: Int, isChannelsLast: Bool) throws {
    let layer = try Conv3d("l", 32, 16, kernel: 3, Initialiser(seed: 3))
    let weight = layer.tensors[0].tensor
    let input = try wave([2, 32, slices, 6, 8], 0.1).to(isChannelsLast ? .channelsLast : .contiguous)
    func gradients(_ dtype: DType) throws -> (input: [Float], weight: [Float]) {
      let leaf = try input.copied()
      for tensor in [leaf, weight] {
        try tensor.setRequiresGradient(true)
        try tensor.clearGradient()
      }
      let output = try withAutocast(dtype, on: .cpu) { () throws(TorchError) in try layer(leaf, training: true) }
      #expect(output.dtype == dtype)
      try (output.to(.float32) * wave(output.shape, 0.7)).sum().backward()
      return (try #require(try leaf.gradient()).floats(), try #require(try weight.gradient()).floats())
    }
    let exact = try gradients(.float32)
    for _ in 0..<4 {
      let found = try gradients(.bfloat16)
      for (one, other) in [(found.input, exact.input), (found.weight, exact.weight)] {
        let largest = other.map(abs).max() ?? 0
        #expect(largest > 0 && zip(one, other).allSatisfy { abs($0 - $1) <= 0.02 * largest })
      }
    }
  }

  @Test(arguments: cases)
  func layersAgreeWithTorch(case one: Case) throws {
    let golden = try #require(try LayerGolden.read().layers[one.name])
    let layer = try one.layer()
    let input = try wave(one.input, 0.1)
    var leaves = [input]
    for (index, entry) in layer.tensors.filter({ $0.role == .parameter }).enumerated() {
      try entry.tensor.copy(from: wave(entry.tensor.shape, 1 + Double(index)))
      leaves.append(entry.tensor)
    }
    for leaf in leaves { try leaf.setRequiresGradient(true) }
    let output = try layer(one.scale == 1 ? input : input * one.scale, training: true)
    #expect(output.shape == golden.shape)
    #expect(try agree(output.floats(), golden.output))
    try (output * wave(output.shape, 5)).sum().backward()
    for (leaf, expected) in zip(leaves, golden.gradients) {
      let gradient = try #require(try leaf.gradient())
      #expect(try agree(gradient.floats(), expected, within: 1e-4))
    }
    guard let statistics = golden.statistics else { return }
    let buffers = layer.tensors.filter { $0.role == .buffer }.map(\.tensor)
    #expect(buffers.count == statistics.count)
    for (buffer, expected) in zip(buffers, statistics) { #expect(try agree(buffer.floats(), expected)) }

    // With these statistics, and without touching them, in evaluation.
    let evaluated = try layer(input, training: false)
    #expect(try agree(evaluated.floats(), #require(try LayerGolden.read().layers["\(one.name)Evaluation"]).output))
    for (buffer, expected) in zip(buffers, statistics) { #expect(try agree(buffer.floats(), expected)) }
  }

  @Test func weightedCrossEntropyAgreesWithTorch() throws {
    let golden = try #require(try LayerGolden.read().layers["crossEntropy"])
    let logits = try wave([4, 2], 0.1)
    try logits.setRequiresGradient(true)
    let targets = try Tensor([0, 1, 1, 0] as [Int64], shape: [4])
    let loss = try logits.crossEntropy(targets, classWeights: Tensor([1, 2.5] as [Float], shape: [2]))
    try loss.backward()
    #expect(try agree(loss.floats(), golden.output))
    let gradient = try #require(try logits.gradient())
    #expect(try agree(gradient.floats(), golden.gradients[0]))
    let half = try logits.detached().to(.bfloat16).crossEntropy(targets)
    #expect(half.dtype == .float32)
  }

  @Test func dropoutDropsOnlyInTraining() throws {
    let ones = try Tensor.full([64, 4, 2, 2], 1)
    for layer in [Dropout(0.25), StochasticDepth(0.25)] as [any Layer] {
      #expect(try layer(ones, training: false).floats() == ones.floats())
      let values = Set(try layer(ones, training: true).floats())
      #expect(values == [0, Float(1 / 0.75)])
    }
    let images = try StochasticDepth(0.5)(ones, training: true).mean([1, 2, 3]).floats()
    #expect(Set(images) == [0, 2], "an image is dropped as a whole")
  }

  @Test func eachThreadDrawsAsItsSeedSays() throws {
    @Sendable func draws(_ seed: UInt64) throws -> [[Float]] {
      try LibTorch.seed(seed)
      let ones = try Tensor.full([1000], 1)
      return try (0..<200).map { _ in try Dropout(0.25)(ones, training: true).floats() }
    }
    let alone = try (0..<4).map { try draws($0) }
    #expect(Set(alone).count == 4)
    let together = Mutex([UInt64: [[Float]]]())
    DispatchQueue.concurrentPerform(iterations: 4) { index in
      let seed = UInt64(index)
      guard let found = try? draws(seed) else { return }
      together.withLock { $0[seed] = found }
    }
    #expect(together.withLock { found in (0..<4).map { found[$0] } } == alone)
    #expect(try Dropout(1)(Tensor.full([5], 1), training: true).floats() == [0, 0, 0, 0, 0])
  }

  @Test func freshWeightsHaveTheDistributionOfTheirLayer() throws {
    let initialiser = Initialiser(seed: 3)
    let convolution = try Conv2d("a", 32, 64, kernel: 3, initialiser).tensors[0].tensor.floats()
    let variance = convolution.map { $0 * $0 }.reduce(0, +) / Float(convolution.count)
    #expect(abs(variance / (2 / Float(64 * 9)) - 1) < 0.05)
    let linear = try Linear("b", 400, 50, initialiser)
    let weight = try linear.tensors[0].tensor.floats()
    #expect(weight.allSatisfy { abs($0) <= 0.05 })
    #expect((weight.max() ?? 0) > 0.0499 && (weight.min() ?? 0) < -0.0499)
    #expect(abs(weight.reduce(0, +) / Float(weight.count)) < 0.001)
    #expect(try linear.tensors[1].tensor.floats().allSatisfy { abs($0) <= 0.05 })
    #expect(linear.tensors.map(\.name) == ["b.weight", "b.bias"])
  }

  @Test func freshWeightsDependOnSeedAndNameAlone() throws {
    func bits(_ name: String, _ seed: UInt64) throws -> Data {
      try Linear(name, 20, 20, Initialiser(seed: seed)).tensors[0].tensor.data()
    }
    let reference = try bits("fc", 1)
    #expect(try bits("fc", 1) == reference)
    #expect(try bits("fc", 2) != reference)
    #expect(try bits("fd", 1) != reference)
    #expect(try Linear("fc", 20, 20, .zeros).tensors[0].tensor.floats().allSatisfy { $0 == 0 })
  }

  @Test func colourFromGreyIsResizingAndArithmetic() throws {
    for _ in 0..<20 {
      let (rows, columns, size) = (Int.random(in: 1...40), Int.random(in: 1...40), Int.random(in: 1...90))
      let grey = try Tensor.uniform([3, 1, rows, columns], seed: .random(in: 0...1000))
      let (factors, offsets) = (SIMD3<Float>(2, -3, 0.5), SIMD3<Float>(0.25, 1, -4))
      let found = try grey.colouredFromGrey(size: size, factors: factors, offsets: offsets)
      #expect(found.shape == [3, 3, size, size])
      let expected =
        try grey.resizedBilinearly(height: size, width: size) * Tensor([2, -3, 0.5] as [Float], shape: [1, 3, 1, 1])
        + Tensor([0.25, 1, -4] as [Float], shape: [1, 3, 1, 1])
      let difference = zip(try found.floats(), try expected.floats()).map { abs($0 - $1) }.max() ?? 1
      // A place in a line of 40 is exact to 4e-6 of a pixel, and the largest factor is 3.
      #expect(difference < 2e-5, "\(rows) x \(columns) to \(size)")
    }
    #expect(throws: TorchError.self) {
      try Tensor.zeros([1, 3, 4, 4]).colouredFromGrey(size: 4, factors: .one, offsets: .zero)
    }
  }

  @Test func movingKeepsALeafThatRecords() throws {
    let entry = NamedTensor("w", try wave([4, 3, 3, 3], 0))
    try entry.tensor.setRequiresGradient(true)
    let before = try entry.tensor.data()
    try entry.move(to: .cpu, format: .channelsLast)
    #expect(entry.tensor.isChannelsLast)
    #expect(entry.tensor.requiresGradient)
    #expect(try entry.tensor.data() == before)
    try entry.tensor.squared().sum().backward()
    #expect(try entry.tensor.gradient() != nil)
  }
}

extension Initialiser {
  /// Zeros, for a network that gets its weights from elsewhere.
  fileprivate static let zeros = Initialiser.taking { _, shape throws(TorchError) in try .zeros(shape) }
}
