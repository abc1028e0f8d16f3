import ArgumentParser
import Foundation
import Torch

/// What a subcommand that asks networks lets the user choose of the hardware.
struct ComputeOptions: ParsableArguments {
  @Option(help: "How many threads libtorch uses; part of what \"the same bits\" depends on (default: all cores).")
  var threads: Int?

  @Flag(help: "Leave the GPU alone.")
  var cpu = false

  func validate() throws {
    guard (threads ?? 1) >= 1 else { throw ValidationError("--threads is a number from 1 on, found \(threads ?? 0)") }
  }

  /// Sets the number of threads.
  func apply() { LibTorch.setThreadCount(threads ?? ProcessInfo.processInfo.activeProcessorCount) }
}
