public import ArgumentParser
import Backbones
import Experiment
import Foundation
public import Study
import Torch
import Training

/// Times training by cross-validating a study in two folds, as `renalgrade crossvalidate` does it.
///
/// A repetition is an epoch's mean time per step: input, forward, backward and optimiser. The first epoch warms up.
struct TrainingStep: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Time training steps of ResNet-50, stem to layer2 frozen.")

  @Argument(help: "The study whose ROIs are trained on.")
  var study: String

  @Option(help: "Weights of ResNet-50; their values do not matter to the time.")
  var weights: String

  @Option(help: "Slices per step.")
  var batch = 16

  @Option(help: "float32 or bfloat16.")
  var precision = StudyProtocol.Training.Precision.float32

  @Flag(help: "Store the frozen stages' output instead of computing it in each step.")
  var storedFeatures = false

  @Flag(help: "Report whole epochs, prediction of the held-out slices included, instead of steps.")
  var wholeEpochs = false

  @Flag(help: "Train on the GPU.")
  var gpu = false

  @Option(help: "How often each of the two folds sees its slices.")
  var epochs = 2

  @Option(help: "Threads inside one operation.")
  var threads = ProcessInfo.processInfo.activeProcessorCount

  func run() throws {
    guard !gpu || LibTorch.isCUDAAvailable else { throw ValidationError("no GPU: \(LibTorch.cudaStatus)") }
    LibTorch.setThreadCount(threads)
    let study = try StudyFolder(at: URL(fileURLWithPath: study))
    var settings = try study.readProtocol()
    // A name of its own: an interrupted benchmark must not be taken up where it was left.
    settings.name = "benchmark-\(ProcessInfo.processInfo.processIdentifier)"
    settings.network?.backbone = "resnet50"
    settings.network?.frozenThrough = "layer2"
    settings.folds.count = 2
    settings.training?.batchSize = batch
    settings.training?.precision = precision
    settings.training?.epochs = epochs
    settings.training?.flipProbability = 0.5
    let options = NetworkLearner.Options(
      weightsFile: URL(fileURLWithPath: weights), store: WeightsStore(), featureBudget: storedFeatures ? .max : 0,
      usesGPU: gpu)
    let run = try CrossValidation(
      study, protocol: settings, learners: LearnerRegistry([.network(options)])
    ).run { _ in }
    let logged = try run.epochs()
    try FileManager.default.removeItem(at: run.url)
    let timed = logged.dropFirst()
    let measurement =
      wholeEpochs
      ? Measurement(seconds: timed.map(\.seconds), items: 1)
      : Measurement(seconds: timed.map { Double(batch) / $0.imagesPerSecond }, items: Double(batch))
    try measurement.print()
  }
}

extension StudyProtocol.Training.Precision: ExpressibleByArgument {}

/// Writes a ResNet-50 that has learnt nothing: speed does not depend on what weights say.
struct RandomWeights: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "weights", abstract: "Write ResNet-50 with fresh weights, to time it.")

  @Argument(help: "The safetensors file.")
  var file: String

  func run() throws {
    let network = try Backbone.make("resnet50", classes: 2, seed: 1)
    try SafeTensors.write(network.state, to: URL(fileURLWithPath: file))
  }
}
