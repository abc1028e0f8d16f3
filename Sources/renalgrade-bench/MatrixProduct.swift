import ArgumentParser
import Foundation
import Study
import Torch

/// Times a large matrix product: what these cores can do at most, which training is compared with.
struct MatrixProduct: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "matmul", abstract: "Time a large matrix product; items are its floating-point operations.")

  @Option(help: "float32 or bfloat16.")
  var precision = StudyProtocol.Training.Precision.float32

  @Option(help: "Rows and columns of both matrices.")
  var size = 4096

  @Option(help: "Repetitions after the first, which warms up.")
  var repetitions = 5

  @Option(help: "Threads inside one operation.")
  var threads = ProcessInfo.processInfo.activeProcessorCount

  func run() throws {
    LibTorch.setThreadCount(threads)
    let dtype: DType = precision == .bfloat16 ? .bfloat16 : .float32
    let left = try Tensor.normal([size, size], seed: 1).to(dtype)
    let right = try Tensor.normal([size, size], seed: 2).to(dtype)
    let times = try (0...repetitions).map { _ in try seconds { _ = try left.matmul(right) } }
    let operations = 2 * Double(size) * Double(size) * Double(size)
    try Measurement(seconds: Array(times.dropFirst()), items: operations).print()
  }
}
