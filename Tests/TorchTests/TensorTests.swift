import Foundation
import Testing

@testable import Torch

@Suite struct TensorTests {
  @Test func elementsSurviveFormatsAndTypes() throws {
    let elements = (0..<48).map { Float($0) - 20 }
    let tensor = try Tensor(elements, shape: [2, 3, 4, 2])
    #expect(try tensor.to(.channelsLast).floats() == elements, "row-major order, whatever the memory format")
    for dtype in [DType.float64, .bfloat16, .float16, .int32, .int64] {
      let converted = try tensor.to(dtype)
      #expect(converted.dtype == dtype)
      #expect(try converted.floats() == elements)
      #expect(try converted.data().count == 48 * dtype.size)
    }
    #expect(try tensor.integers() == elements.map(Int64.init))
    #expect(try Tensor(copying: tensor.data(), shape: [48], dtype: .float32).floats() == elements)
    #expect(try Tensor([Float](), shape: [0, 3]).floats().isEmpty)
  }

  @Test func operationsAgreeWithArithmetic() throws {
    let a = try Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])
    let b = try Tensor([10, 20] as [Float], shape: [2])
    #expect(try (a + b).floats() == [11, 22, 13, 24])
    #expect(try (a - b).floats() == [-9, -18, -7, -16])
    #expect(try (a * b).floats() == [10, 40, 30, 80])
    #expect(try (b / 4).floats() == [2.5, 5])
    #expect(try a.matmul(a).floats() == [7, 10, 15, 22])
    #expect(try a.sum([0]).floats() == [4, 6])
    #expect(try a.mean([1], keepingDimensions: true).shape == [2, 1])
    #expect(try a.maximum().item() == 4)
    #expect(try a.argmax(1).integers() == [1, 1])
    #expect(try a.flipped(1).floats() == [2, 1, 4, 3])
    #expect(try a.permuted([1, 0]).floats() == [1, 3, 2, 4])
    #expect(try a.narrowed(0, start: 1, length: 1).floats() == [3, 4])
    #expect(try a.selecting([1, 0, 1], along: 0).floats() == [3, 4, 1, 2, 3, 4])
    #expect(try Tensor.concatenate([a, a], along: 1).shape == [2, 4])
    #expect(try Tensor.stack([a, a], along: 0).shape == [2, 2, 2])
    #expect(try a.padded([1, 0]).floats() == [0, 1, 2, 0, 3, 4])
    #expect(try a.isEqual(to: a.flipped(0)).integers() == [0, 0, 0, 0])
    #expect(try agree(a.softmax(1).floats(), [0.268_941_4, 0.731_058_6, 0.268_941_4, 0.731_058_6]))
  }

  /// Tensors of random sizes come and go on several threads: none may lie where another one does.
  @Test func pooledTensorsKeepTheirElements() async throws {
    LibTorch.poolMemory()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for worker in 0..<4 {
        group.addTask {
          var generator = SystemRandomNumberGenerator()
          var kept: [(tensor: Tensor, value: Float)] = []
          for step in 0..<400 {
            let value = Float(worker * 1000 + step)
            // On both sides of the size from which the pool serves.
            kept.append((try Tensor.full([Int.random(in: 1...60_000, using: &generator)], Double(value)), value))
            if kept.count > 20 {
              let (tensor, expected) = kept.remove(at: Int.random(in: 0..<kept.count, using: &generator))
              #expect(try tensor.maximum().item() == Double(expected))
              #expect(try tensor.floats().allSatisfy { $0 == expected })
            }
            if step % 100 == 0 { LibTorch.trimMemory() }
          }
          for (tensor, expected) in kept { #expect(try tensor.floats().allSatisfy { $0 == expected }) }
        }
      }
      try await group.waitForAll()
    }
  }

  @Test func aTensorThatIsTooLargeIsRefused() throws {
    LibTorch.poolMemory()
    // More than any machine has, and less than what a shape may not be.
    #expect(throws: TorchError.self) { try Tensor.zeros([1 << 46]) }
    #expect(try Tensor.full([1 << 20], 2).maximum().item() == 2)
  }

  @Test func errorsCarryTheMessageOfLibtorch() throws {
    let a = try Tensor.zeros([2, 3])
    let product = #expect(throws: TorchError.self) { try a.matmul(a) }
    #expect(product?.description.contains("mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)") == true)
    #expect(throws: TorchError.self) { try a + Tensor.zeros([4]) }
    #expect(throws: TorchError.self) { try a.backward() }
    #expect(throws: TorchError.self) { try a.item() }
    #expect(throws: TorchError.self) { try a.copy(from: Tensor.zeros([3, 2])) }
    #expect(throws: TorchError.self) { try a.narrowed(0, start: 1, length: 5) }
    #expect(throws: TorchError.self) { try Tensor.concatenate([], along: 0) }
    let shape = #expect(throws: TorchError.self) { try Tensor([1, 2, 3] as [Float], shape: [2, 2]) }
    #expect(shape?.description == "shape [2, 2] of float32 takes 16 bytes, found 12 bytes")
    for impossible in [[-1, -12], [1 << 40, 1 << 40], [-1]] {
      let error = #expect(throws: TorchError.self) { try Tensor([0] as [Float], shape: impossible) }
      #expect(error?.description.contains("is impossible") == true)
    }
  }

  @Test(.enabled(if: !LibTorch.isCUDAAvailable, "for machines without a GPU"))
  func withoutAGPUTheErrorSaysWhy() {
    let error = #expect(throws: TorchError.self) { try Tensor.zeros([1], device: .cuda(0)) }
    #expect(error?.description.contains("CUDA is not available") == true)
    #expect(error?.description.contains(LibTorch.cudaStatus) == true)
  }

  @Test func gradientsGatherUntilCleared() throws {
    let x = try Tensor([3] as [Float], shape: [1])
    #expect(try x.gradient() == nil)
    try x.setRequiresGradient(true)
    try x.squared().sum().backward()
    try x.squared().sum().backward()
    #expect(try x.gradient()?.floats() == [12])
    try x.clearGradient()
    #expect(try x.gradient() == nil)
  }

  @Test func nothingIsRecordedWithoutGradient() throws {
    let x = try Tensor([3] as [Float], shape: [1])
    try x.setRequiresGradient(true)
    let unrecorded = try withoutGradient { () throws(TorchError) in try x.squared() }
    #expect(!unrecorded.requiresGradient)
    #expect(throws: TorchError.self) { try withoutGradient { () throws(TorchError) in try x.matmul(.zeros([7])) } }
    #expect(try x.squared().requiresGradient, "recording is on again, after an error too")
  }

  @Test func copiesAreIndependent() throws {
    let x = try wave([2, 2, 3, 3], 0).to(.channelsLast)
    let copy = try x.copied()
    #expect(copy.isChannelsLast)
    try copy.scale(by: 0)
    #expect(try x.floats() == wave([2, 2, 3, 3], 0).floats())
    let zeros = try x.zerosLike()
    #expect(zeros.isChannelsLast && zeros.shape == x.shape)
    #expect(try zeros.floats().allSatisfy { $0 == 0 })
  }

  @Test func theSeedDecidesRandomNumbers() throws {
    #expect(try Tensor.normal([100], seed: 1).data() == Tensor.normal([100], seed: 1).data())
    #expect(try Tensor.normal([100], seed: 1).data() != Tensor.normal([100], seed: 2).data())
    let uniform = try Tensor.uniform([1000], seed: 1).floats()
    #expect(uniform.allSatisfy { (0..<1).contains($0) })
  }

  // MARK: Autocast

  @Test func autocastNestsAndEnds() throws {
    let a = try wave([4, 4], 0)
    let types = try withAutocast(.bfloat16, on: .cpu) { () throws(TorchError) in
      let inner = try withAutocast(.float16, on: .cpu) { () throws(TorchError) in try a.matmul(a).dtype }
      return [inner, try a.matmul(a).dtype]
    }
    #expect(types == [.float16, .bfloat16])
    #expect(try a.matmul(a).dtype == .float32)
    #expect(throws: TorchError.self) {
      try withAutocast(.bfloat16, on: .cpu) { () throws(TorchError) in try a.matmul(.zeros([7])) }
    }
    #expect(try a.matmul(a).dtype == .float32)
    #expect(throws: TorchError.self) { try withAutocast(.int64, on: .cpu) { () throws(TorchError) in try a.matmul(a) } }
    #expect(try a.matmul(a).dtype == .float32)
  }

  /// A cast that outlived its step would hide what the optimiser wrote.
  @Test func castsOfParametersAreForgotten() throws {
    let weight = try Tensor.full([4, 4], 1)
    try weight.setRequiresGradient(true)
    let input = try Tensor.full([1, 4], 1)
    func output() throws -> Float {
      try withAutocast(.bfloat16, on: .cpu) { () throws(TorchError) in try input.linear(weight, bias: nil) }.floats()[0]
    }
    #expect(try output() == 4)
    try weight.scale(by: 2)
    #expect(try output() == 8)
  }

  @Test func gradientsOfAutocastAreFloat32() throws {
    let weight = try wave([4, 4], 0)
    try weight.setRequiresGradient(true)
    let output = try withAutocast(.bfloat16, on: .cpu) { () throws(TorchError) in
      try wave4x4.linear(weight, bias: nil)
    }
    #expect(output.dtype == .bfloat16)
    try output.to(.float32).sum().backward()
    #expect(try weight.gradient()?.dtype == .float32)
  }

  private var wave4x4: Tensor { get throws(TorchError) { try Tensor.normal([4, 4], seed: 1) } }

  /// Each thread has its own recording, autocast and error.
  @Test func threadsDoNotDisturbOneAnother() async throws {
    let x = try wave([8, 8], 0)
    try x.setRequiresGradient(true)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for task in 0..<8 {
        group.addTask {
          for _ in 0..<50 {
            let good =
              switch task % 4 {
              case 0: try withoutGradient { () throws(TorchError) in try !x.matmul(x).requiresGradient }
              case 1:
                try withAutocast(.bfloat16, on: .cpu) { () throws(TorchError) in try x.matmul(x).dtype == .bfloat16 }
              case 2: try x.matmul(x).requiresGradient && x.matmul(x).dtype == .float32
              default: (try? x.matmul(.zeros([task + 20, 1]))) == nil
              }
            guard good else { return false }
          }
          return true
        }
      }
      for try await good in group { #expect(good) }
    }
  }
}
