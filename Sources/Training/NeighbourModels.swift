import Backbones
import Experiment
import Foundation
import Study
import Support
import Torch

/// What a fold of the learner `nearestNeighbours` keeps: its training part, as the file `model.json`.
struct KeptNeighbours: Codable {
  /// How many neighbours decide.
  let neighbours: Int
  /// The training part, by the numbers of the run's examples.
  let training: [Int]
  /// SHA-256 of the weights that the features were computed with; nil in a run of an earlier version.
  var weights: String?
  /// Whether each training example is high grade; nil in a run of an earlier version.
  var isHigh: [Bool]?
  /// The training examples' features as 32-bit floats, one after the other; nil in a run of an earlier version.
  var features: Data?

  /// The features of each training example.
  ///
  /// - Throws: `StudyError` of kind `.run` where they were not kept, or not for each.
  func rows(in folder: URL) throws(StudyError) -> (features: [[Float]], isHigh: [Bool]) {
    guard let features, let isHigh else {
      throw StudyError(
        .run,
        "the model in \(folder.lastPathComponent) was made by an earlier version, which did not keep the features of the training "
          + "slices; cross-validate again to predict exams")
    }
    let size = MemoryLayout<Float>.size
    guard !training.isEmpty, isHigh.count == training.count, !features.isEmpty,
      features.count % (size * training.count) == 0
    else {
      throw ModelFile.another(
        folder, expected: "features of \(training.count) training slices", found: "\(features.count) bytes")
    }
    let all = features.withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count, by: size).map { bytes.loadUnaligned(fromByteOffset: $0, as: Float.self) }
    }
    let width = all.count / training.count
    return (training.indices.map { Array(all[$0 * width..<($0 + 1) * width]) }, isHigh)
  }
}

/// The nearest neighbours of some folds: their training parts, and the network whose frozen stages give an exam's features.
struct NeighbourModels: FoldModels {
  private let folders: ModelFolders
  private let network: NetworkLearner
  private let kept: [(neighbours: Int, features: [[Float]], isHigh: [Bool])]

  /// Reads the training parts and the network's published weights.
  ///
  /// - Throws: `StudyError` where a model cannot be read; `TrainingError` where the weights are missing, or other ones.
  init(_ folders: ModelFolders, _ options: NetworkLearner.Options) throws {
    self.folders = folders
    let network = try NetworkLearner(nil, folders.settings, options, form: .slice)
    self.network = network
    kept = try folders.all { folder in
      let model = try ModelFile.read(KeptNeighbours.self, from: folder)
      let rows = try model.rows(in: folder)
      let found = network.description.network?.weights
      guard model.weights == found else {
        throw TrainingError(
          "the run's features were computed with other weights than those at hand: expected SHA-256 "
            + "\(model.weights ?? "none"), found \(found ?? "none"). Give the run's weights with --weights")
      }
      return (model.neighbours, rows.features, rows.isHigh)
    }
  }

  func probabilities(of exam: some PredictedExamples) throws -> [[Double]] {
    let (examples, rois) = try exam.slices(folders.settings)
    let initial = try network.makeNetwork()
    defer { network.giveBack(initial) }
    let stages = try FrozenStages(network, initial, rois)
    let own = try examples.examples.map { example in
      try stages.vector(of: Sample(index: example.rois[0], isFlipped: false))
    }
    return try kept.map { kept in
      guard kept.features[0].count == own.first?.count else {
        throw TrainingError(
          "the run's features have \(kept.features[0].count) values each, the exam's \(own.first?.count ?? 0): the network differs"
        )
      }
      let count = kept.features.count
      let model = Neighbours(
        kept.features + own, training: Array(0..<count), isHigh: kept.isHigh + own.map { _ in false },
        count: kept.neighbours, weights: nil)
      return model.probabilities(of: Array(count..<count + own.count))
    }
  }
}
