import ArgumentParser
import Foundation
import Torch

/// What a subcommand that asks networks lets the user choose of the hardware.
struct ComputeOptions: ParsableArguments {
  @Option(help: "How many threads libtorch uses; the exact bits of the results depend on it (default: all cores).")
  var threads: Int?

  @Flag(help: "Do not use a GPU.")
  var cpu = false

  func validate() throws {
    guard (threads ?? 1) >= 1 else { throw ValidationError("--threads must be at least 1, found \(threads ?? 0)") }
  }

  /// Sets the number of threads.
  func apply() { LibTorch.setThreadCount(threads ?? ProcessInfo.processInfo.activeProcessorCount) }
}
