public import Experiment
import Foundation
import Study
import Support
import Torch

/// k nearest neighbours on what the frozen stages of a network make of a slice, the mean over its places.
///
/// The features are those that training stores, so that no network is trained. Distances are Euclidean between features that are
/// standardised by the training part; the probability is the share of high grade among the k nearest.
struct NearestNeighbours: Learner {
  /// The learner's name in the registry.
  static let name = "nearestNeighbours"

  /// The network whose frozen stages give the features.
  private let network: NetworkLearner
  private let study: StudyFolder
  private let options: NetworkLearner.Options
  /// How many neighbours are asked.
  private let count: Int
  /// SHA-256 of the network's weights.
  private let weights: String?

  let settings: StudyProtocol
  let description: LearnerDescription

  /// Reads the learner's only setting: `neighbours`, 1 to 1,000, usually 5.
  init(_ study: StudyFolder, _ settings: StudyProtocol, _ options: NetworkLearner.Options) throws {
    let own = LearnerSettings(settings)
    try own.allow("neighbours")
    count = try own.integer("neighbours", in: 1...1000) ?? 5
    network = try NetworkLearner(study, settings, options)
    guard let features = network.description.network, let cut = features.frozenThrough else {
      throw TrainingError(
        "the learner \(Self.name) learns from the output of frozen stages: set network.frozenThrough, and "
          + "network.initialisation to imagenet")
    }
    guard settings.inputs.fusion != .early else {
      throw TrainingError(
        "the learner \(Self.name) needs stored features, which early fusion does not have; remove inputs.fusion")
    }
    self.study = study
    self.options = options
    weights = features.weights
    self.settings = network.settings
    description = LearnerDescription(
      learner: Self.name,
      methods: [
        "Features were the means over all places of the output of \(features.backbone) through \(cut), with weights learnt on "
          + "ImageNet (SHA-256 \(features.weights ?? "not known")).",
        "The probability of high grade was the share of high grade among the \(count) nearest slices of the training part, by Euclidean "
          + "distance between standardised features.",
      ] + NetworkInputs.methods(settings))
  }

  var summary: String { "\(count) nearest neighbours on \(network.summary)" }
  var notes: [String] { network.notes }
  var hardware: Hardware { network.hardware }
  var conditions: [String] { network.conditions }
  var commandOptions: [String] { network.commandOptions }
  var mostSideBySide: Int? { network.mostSideBySide }

  func setThreadCount(_ count: Int) { network.setThreadCount(count) }
  func with(_ settings: StudyProtocol) throws -> any Learner { try NearestNeighbours(study, settings, options) }

  func prepare(
    _ examples: ExampleSet, sharing others: [any PreparedLearner], progress: (Int, Int) -> Void
  ) throws -> any PreparedLearner {
    let prepared = try network.prepare(examples, sharing: others, progress: progress)
    guard let store = (prepared as? PreparedNetwork)?.store else {
      throw TrainingError("the learner \(Self.name) needs stored features: raise --feature-budget")
    }
    let features = try examples.examples.map { example in
      let values = try store.batch([Sample(index: example.rois[0], isFlipped: false)], on: .cpu)
      return try values.to(.float32).mean([2, 3]).floats()
    }
    return Prepared(features: features, count: count, weights: weights)
  }

  private struct Prepared: PreparedLearner {
    /// By example.
    let features: [[Float]]
    let count: Int
    let weights: String?
    let workerKey = NearestNeighbours.name

    func makeWorker() {}

    func fit(_ task: LearningTask, with worker: inout Void) throws -> any FittedModel {
      try task.onResume(0)
      let model = Neighbours(
        features, training: task.training, isHigh: task.examples.classes.map { $0 == .high }, count: count,
        weights: weights)
      try task.onStep(LearningStep(epoch: 1, epochCount: 1, done: task.training.count, loss: { nil }))
      return model
    }

    func load(from folder: URL, for task: LearningTask, with worker: inout Void) throws -> any FittedModel {
      let kept = try ModelFile.read(KeptNeighbours.self, from: folder)
      guard kept.training == task.training, kept.neighbours == min(count, task.training.count) else {
        throw ModelFile.another(
          folder, expected: "\(count) neighbours among the fold's \(task.training.count) training examples",
          found: "\(kept.neighbours) among \(kept.training.count)")
      }
      return Neighbours(
        features, training: kept.training, isHigh: task.examples.classes.map { $0 == .high }, count: kept.neighbours,
        weights: weights)
    }
  }
}

/// The training part of a fold, to be asked for neighbours.
struct Neighbours: FittedModel {
  /// By example, standardised by the training part.
  private let features: [[Float]]
  /// The same as they are of the training part.
  private let trainingFeatures: [[Float]]
  private let training: [Int]
  private let isHigh: [Bool]
  private let count: Int
  private let weights: String?

  init(_ features: [[Float]], training: [Int], isHigh: [Bool], count: Int, weights: String?) {
    self.weights = weights
    trainingFeatures = training.map { features[$0] }
    self.training = training
    self.isHigh = isHigh
    self.count = min(count, training.count)
    let places = features.first?.indices ?? 0..<0
    let means = places.map { place in training.reduce(0) { $0 + features[$1][place] } / Float(max(1, training.count)) }
    let scales = places.map { place in
      let sum = training.reduce(Float(0)) { sum, index in
        let difference = features[index][place] - means[place]
        return sum + difference * difference
      }
      let deviation = (sum / Float(max(1, training.count))).squareRoot()
      return deviation > 0 ? 1 / deviation : 0
    }
    self.features = features.map { row in places.map { (row[$0] - means[$0]) * scales[$0] } }
  }

  func probabilities(of examples: [Int]) -> [Double] {
    examples.map { example in
      let distances = training.map { index in (distance(example, index), index) }
      // Of equal distances the example that comes first counts.
      let nearest = distances.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.prefix(count)
      return Double(nearest.count { isHigh[$0.1] }) / Double(max(1, count))
    }
  }

  private func distance(_ one: Int, _ other: Int) -> Float {
    zip(features[one], features[other]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  }

  func write(to folder: URL) throws {
    try ModelFile.write(
      KeptNeighbours(
        neighbours: count, training: training, weights: weights, isHigh: training.map { isHigh[$0] },
        features: Array(trainingFeatures.joined()).withUnsafeBytes { Data($0) }),
      to: folder)
  }
}

extension LearnerKind {
  /// k nearest neighbours on stored features.
  public static func nearestNeighbours(_ options: NetworkLearner.Options) -> LearnerKind {
    LearnerKind(
      NearestNeighbours.name, examples: [.slice], open: { try NeighbourModels($0, options) }
    ) { settings, study in
      try NearestNeighbours(study, settings, options)
    }
  }
}
