import ArgumentParser
import Backbones
import Experiment
import Foundation
import Study
import Training

/// What every subcommand that fits models lets the user choose.
struct NetworkOptions: ParsableArguments {
  @Option(
    help: "Weights of the protocol's backbone: a .pth or .safetensors file.", completion: .file(),
    transform: PathArgument.file)
  var weights: String?

  @OptionGroup var compute: ComputeOptions

  @Option(help: "Shuffle the classes among the patients with this seed, as a negative control.")
  var shuffleLabels: UInt64?

  @Option(
    help: "The disk space for the stored output of the frozen stages, in GB; 0 computes it again for each batch.")
  var featureBudget = Double(NetworkLearner.Options.usualFeatureBudget) / 1e9

  @Option(
    help: """
      How many fold jobs to run at a time, each with the same share of the threads. One job takes the least memory. \
      The exact bits of the results depend on the threads of each job \
      (default: 1; for a sweep, as many as there are runs and threads).
      """)
  var sideBySide: Int?

  func validate() throws {
    guard (sideBySide ?? 1) >= 1 else {
      throw ValidationError("--side-by-side must be at least 1, found \(sideBySide ?? 0)")
    }
    guard featureBudget >= 0, featureBudget <= 1e6 else {
      throw ValidationError("--feature-budget must be at least 0 GB, found \(featureBudget)")
    }
  }

  /// The options as experiments take them; sets the number of threads.
  ///
  /// `backbone` is the one that the file of weights is for, where others are fitted beside it.
  func resolve(weightsFor backbone: String? = nil) -> ExperimentOptions {
    compute.apply()
    var network = NetworkLearner.Options(
      weightsFile: weights.map { URL(fileURLWithPath: $0) }, store: .standard,
      featureBudget: Int(featureBudget * 1e9), usesGPU: !compute.cpu)
    network.weightsBackbone = backbone
    return ExperimentOptions(learners: .all(network), shuffledBy: shuffleLabels, sideBySide: sideBySide)
  }
}

/// What an experiment is done with.
struct ExperimentOptions: Sendable {
  let learners: LearnerRegistry
  /// The seed that permutes the classes; nil leaves them as they are.
  let shuffledBy: UInt64?
  /// How many fold jobs are done at a time; nil leaves it to the experiment.
  let sideBySide: Int?
}

extension LearnerRegistry {
  /// Every learner that a protocol can name.
  static func all(_ network: NetworkLearner.Options) -> LearnerRegistry {
    let single: [LearnerKind] = [
      .network(network),
      .bag(network),
      .volume(network),
      .nearestNeighbours(network),
      .logisticRegression, .singleVariable,
      .classical,
    ]
    return LearnerRegistry(single + [.stacked(LearnerRegistry(single))])
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
