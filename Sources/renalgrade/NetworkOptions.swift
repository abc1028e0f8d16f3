import ArgumentParser
import Backbones
import Foundation
import Study
import Training

/// What every training subcommand lets the user choose.
struct NetworkOptions: ParsableArguments {
  @Option(help: "Weights of the protocol's backbone: a .pth or .safetensors file.", completion: .file())
  var weights: String?

  @OptionGroup var compute: ComputeOptions

  @Option(help: "Shuffle the classes among the patients by this seed: a negative control.")
  var shuffleLabels: UInt64?

  @Option(
    help: "What the stored output of the frozen stages may take on disk, in GB; 0 computes it anew for each batch.")
  var featureBudget = 16.0

  func validate() throws {
    guard featureBudget >= 0, featureBudget <= 1e6 else {
      throw ValidationError("--feature-budget is a number of GB from 0 on, found \(featureBudget)")
    }
  }

  /// The options as Training takes them; sets the number of threads.
  func resolve() throws -> CrossValidation.Options {
    compute.apply()
    return CrossValidation.Options(
      weightsFile: weights.map { URL(fileURLWithPath: $0) }, store: .standard, shuffleLabelsSeed: shuffleLabels,
      featureBudget: Int(featureBudget * 1e9), usesGPU: !compute.cpu)
  }
}

extension WeightsStore {
  /// The user's cache, and what `scripts/setup` unpacked beside the executable or the working folder.
  static var standard: WeightsStore {
    let executable = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    let checkouts =
      [FileManager.default.currentDirectoryPath]
      + (0..<4).reduce(into: [executable]) { folders, _ in
        folders.append(folders[folders.count - 1].deletingLastPathComponent())
      }.map(\.path)
    return WeightsStore(
      alsoIn: checkouts.map { URL(fileURLWithPath: $0).appendingPathComponent(".deps/weights") })
  }
}
