import ArgumentParser
import Foundation

/// What `Benchmarks/run` times on RenalGrade's side.
@main
struct RenalGradeBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "renalgrade-bench",
    abstract: "Times what RenalGrade does; each subcommand that times something prints one line of JSON.",
    subcommands: [
      TrainingStep.self, NetworkStep.self, ROIPreparation.self, Indexing.self, RadiomicFeatures.self,
      ClassicalLearners.self, MatrixProduct.self, RandomWeights.self, MachinePrecision.self,
    ])
}

/// The line that a subcommand prints; the Python peers print the same.
struct Measurement: Encodable {
  /// The seconds of each repetition, without the warm-up.
  var seconds: [Double]
  /// What one repetition works on: images, files, floating-point operations.
  var items: Double
  /// The mean of what was computed, where both sides must get the same.
  var mean: Double?

  func print() throws {
    Swift.print(String(decoding: try JSONEncoder().encode(self), as: UTF8.self))
  }
}

/// The seconds that `body` takes.
func seconds(_ body: () throws -> Void) rethrows -> Double {
  let duration = try ContinuousClock().measure(body)
  return Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
}
