import ArgumentParser
import Torch

/// Says in which precision training is the faster one here, so that `Benchmarks/run` compares both sides in it.
struct MachinePrecision: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "precision", abstract: "Print the number type that this processor is made for: float32 or bfloat16.")

  func run() { print(LibTorch.hasFastBFloat16(on: .cpu) ? "bfloat16" : "float32") }
}
