import Testing

@testable import Torch

/// What a learner over bags of slices is made of, against torch, forwards and backwards.
@Suite struct PoolingOfBagsTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let shapes: [[Int]]
    let apply: @Sendable ([Tensor]) throws -> Tensor
    var testDescription: String { name }
  }

  static let cases = [
    Case(name: "tanh", shapes: [[4, 5]]) { try ($0[0] * 2).hyperbolicTangent() },
    Case(name: "softmax", shapes: [[2, 3, 4]]) { try ($0[0] * 2).softmax(1) },
    Case(name: "weightedSum", shapes: [[2, 4, 3], [2, 1, 4]]) { try $0[1].softmax(2).matmul($0[0]) },
    Case(name: "maskedMean", shapes: [[3, 4, 2]]) {
      let mask = try Tensor([1, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0] as [Float], shape: [3, 4, 1])
      return try $0[0].mean(whereOne: mask, along: 1)
    },
  ]

  @Test(arguments: cases)
  func operationsAgreeWithTorch(case one: Case) throws {
    let golden = try #require(try LayerGolden.read().layers[one.name])
    let leaves = try one.shapes.enumerated().map { index, shape in try wave(shape, index == 0 ? 0.1 : Double(index)) }
    for leaf in leaves { try leaf.setRequiresGradient(true) }
    let output = try one.apply(leaves)
    #expect(output.shape == golden.shape)
    #expect(try agree(output.floats(), golden.output))
    try (output * wave(output.shape, 5)).sum().backward()
    for (leaf, expected) in zip(leaves, golden.gradients) {
      #expect(try agree(#require(try leaf.gradient()).floats(), expected))
    }
  }

  @Test func aMeanOfNothingIsZeroAndHasNoGradient() throws {
    let bag = try wave([1, 3, 2], 0)
    try bag.setRequiresGradient(true)
    let mean = try bag.mean(whereOne: .zeros([1, 3, 1]), along: 1)
    #expect(try mean.floats() == [0, 0])
    try mean.sum().backward()
    #expect(try #require(try bag.gradient()).floats() == Array(repeating: 0, count: 6))
  }

  @Test func sizesForOtherAxesAreAnError() throws {
    let images = try wave([1, 1, 5, 5], 0)
    #expect(throws: TorchError.self) { try images.maxPooled(kernel: [3, 3, 3], stride: 1) }
    #expect(throws: TorchError.self) { try Conv2d("l", 1, 1, kernel: [3, 3, 3], Initialiser(seed: 1)) }
    #expect(throws: TorchError.self) { try images.reshaped([5, 5]).averagePooledToOne() }
    #expect(throws: TorchError.self) { try images.convolved(wave([1, 1, 3, 3], 0), stride: [1]) }
  }

  /// What a GPU does, here on the CPU: the same numbers and the same gradients.
  @Test(arguments: [false, true]) func poolingWithinAndAcrossSlicesIsPoolingVolumes(maximum: Bool) throws {
    func both(_ input: Tensor, _ kernel: [Int64], _ stride: [Int64], _ padding: [Int64]) throws(TorchError) -> Tensor {
      let (kernel, stride, padding) = (kernel.map(Int.init), stride.map(Int.init), padding.map(Int.init))
      return maximum
        ? try input.maxPooled(kernel: .each(kernel), stride: .each(stride), padding: .each(padding), ceiling: true)
        : try input.averagePooled(
          kernel: .each(kernel), stride: .each(stride), padding: .each(padding), ceiling: true, countingPadding: false)
    }
    func run(_ pool: (Tensor) throws(TorchError) -> Tensor) throws -> (output: [Float], gradient: [Float]) {
      let leaf = try wave([2, 3, 5, 7, 8], 0.1)
      try leaf.setRequiresGradient(true)
      let output = try pool(leaf)
      try (output * wave(output.shape, 5)).sum().backward()
      return (try output.floats(), try #require(try leaf.gradient()).floats())
    }
    for (kernel, stride, padding) in [
      ([3, 3, 3], [2, 2, 2], [1, 1, 1]), ([1, 1, 1], [2, 1, 2], [0, 0, 0]), ([2, 3, 1], [1, 2, 1], [1, 0, 0]),
    ]
      as [([Int64], [Int64], [Int64])]
    {
      let expected = try run { (leaf) throws(TorchError) in try both(leaf, kernel, stride, padding) }
      let found = try run { (leaf) throws(TorchError) in
        try leaf.pooledWithinAndAcross(kernel, stride, padding, both)
      }
      #expect(agree(found.output, expected.output) && agree(found.gradient, expected.gradient))
    }
  }

  @Test func volumesHaveAFormatWithChannelsInnermost() throws {
    let volume = try wave([2, 3, 4, 5, 6], 0)
    let moved = try volume.to(.channelsLast)
    #expect(!volume.isChannelsLast && moved.isChannelsLast)
    #expect(try moved.floats() == volume.floats())
    let convolution = try Conv3d("l", 3, 8, kernel: 3, Initialiser(seed: 1))
    let before = try convolution(volume, training: false)
    try convolution.tensors[0].move(to: .cpu, format: .channelsLast)
    let after = try convolution(moved, training: false)
    #expect(convolution.tensors[0].tensor.isChannelsLast && after.isChannelsLast)
    #expect(try agree(after.floats(), before.floats()))
  }
}
