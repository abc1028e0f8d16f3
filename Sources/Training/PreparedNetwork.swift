import Backbones
import Experiment
import Foundation
import ROI
import Study
import Torch

/// A network learner with the stored output of its frozen stages.
struct PreparedNetwork: PreparedLearner {
  let learner: NetworkLearner
  let rois: ROISet
  /// The name of the stored features; nil where they are not stored.
  let storeName: String?
  /// The stored features; nil if each batch is computed again.
  let store: FeatureStore?

  var workerKey: String { learner.workerKey }

  func makeWorker() throws -> InitialNetwork { try learner.makeNetwork() }

  func fit(_ task: LearningTask, with worker: inout InitialNetwork) throws -> any FittedModel {
    try worker.reset()
    let places = Self.places(task)
    let trainer = trainer(of: task, with: worker)
    let heldOut = task.heldOut.map { places[$0] }
    let probabilities = try trainer.train(
      training: task.training.map { places[$0] }, heldOut: heldOut, fold: task.fold, onResume: task.onResume,
      onStep: { epoch, done, loss in
        try task.onStep(
          LearningStep(epoch: epoch, epochCount: learner.training.epochs, done: done, loss: loss))
      },
      onEpoch: { epoch, result in
        try task.onEpoch(
          Run.Epoch(
            fold: task.fold, epoch: epoch, loss: result.loss, heldOutLoss: result.heldOutLoss,
            imagesPerSecond: result.imagesPerSecond, seconds: result.seconds))
      })
    return FittedNetwork(
      network: worker.network, backbone: worker.backbone, fold: task.fold, trainer: trainer, places: places,
      heldOut: Dictionary(uniqueKeysWithValues: zip(task.heldOut, probabilities)))
  }

  func load(from folder: URL, for task: LearningTask, with worker: inout InitialNetwork) throws -> any FittedModel {
    try worker.network.load(
      FoldNetworkFile.weights(in: folder, backbone: worker.backbone, fold: task.fold), replacingHead: false)
    return FittedNetwork(
      network: worker.network, backbone: worker.backbone, fold: task.fold, trainer: trainer(of: task, with: worker),
      places: Self.places(task), heldOut: [:])
  }

  /// Networks take one slice each: an example's place among the ROIs stands for it.
  private static func places(_ task: LearningTask) -> [Int] { task.examples.examples.map { $0.rois[0] } }

  private func trainer(of task: LearningTask, with worker: InitialNetwork) -> FoldTrainer {
    LibTorch.trimMemory()
    let features = store.map { FeatureSource.stored($0) } ?? FrozenStages(learner, worker, rois).source
    var targets = [Int64](repeating: 0, count: rois.entries.count)
    for (place, gradeClass) in zip(Self.places(task), task.examples.classes) {
      targets[place] = gradeClass == .high ? 1 : 0
    }
    return FoldTrainer(
      network: worker.network, settings: learner.training, features: features, labels: targets, device: learner.device,
      checkpoint: FoldCheckpoint(url: task.checkpoint, fold: task.fold))
  }
}

/// A network that was trained; it is there until the worker that trained it is used again.
private struct FittedNetwork: FittedModel {
  let network: Backbone
  let backbone: String
  let fold: Int
  let trainer: FoldTrainer
  let places: [Int]
  /// What the last epoch gave for those that the fold holds out.
  let heldOut: [Int: Double]

  func probabilities(of examples: [Int]) throws -> [Double] {
    let known = examples.compactMap { heldOut[$0] }
    return try known.count == examples.count ? known : trainer.probabilities(of: examples.map { places[$0] })
  }

  func write(to folder: URL) throws {
    try SafeTensors.write(
      network.state, metadata: FoldNetworkFile.metadata(backbone: backbone, fold: fold),
      to: FoldNetworkFile.url(in: folder))
  }
}
