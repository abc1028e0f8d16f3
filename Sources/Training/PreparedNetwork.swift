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
  /// The stacks that a backbone of volumes takes; nil where it takes slices.
  let stacks: LesionStacks?
  /// The name of the stored features; nil where they are not stored.
  let storeName: String?
  /// The stored features; nil if each batch is computed again.
  let store: FeatureStore?

  var workerKey: String { learner.workerKey }

  func makeWorker() throws -> NetworkWorker { try learner.makeWorker() }

  func fit(_ task: LearningTask, with worker: inout NetworkWorker) throws -> any FittedModel {
    try worker.reset()
    let trainer = try trainer(of: task, with: worker)
    let probabilities = try trainer.train(
      training: task.training, heldOut: task.heldOut, fold: task.fold, onResume: task.onResume,
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
      backbone: worker.initial.backbone, fold: task.fold, trainer: trainer, rois: rois,
      heldOut: zip(task.heldOut, probabilities).map { ($0, $1) })
  }

  func load(from folder: URL, for task: LearningTask, with worker: inout NetworkWorker) throws -> any FittedModel {
    try load(from: folder, for: task, with: &worker, features: nil)
  }

  /// The same, whose input comes from `features` where that is given, not from the store or the network's own frozen stages.
  func load(
    from folder: URL, for task: LearningTask, with worker: inout NetworkWorker, features: FeatureSource?
  ) throws -> any FittedModel {
    let backbone = worker.initial.backbone
    try worker.network.load(FoldNetworkFile.weights(in: folder, backbone: backbone, fold: task.fold))
    return FittedNetwork(
      backbone: backbone, fold: task.fold, trainer: try trainer(of: task, with: worker, features), rois: rois,
      heldOut: [])
  }

  private func trainer(
    of task: LearningTask, with worker: NetworkWorker, _ features: FeatureSource? = nil
  ) throws -> FoldTrainer {
    LibTorch.trimMemory()
    let features =
      try features ?? store.map { FeatureSource.stored($0) }
      ?? FrozenStages(learner, worker.initial, rois, stacks).source
    let examples = try zip(task.examples.examples, task.examples.classes).map { example, gradeClass in
      let (slices, phases) = learner.form.groups(of: example, rois.entries)
      let groups = try stacks.map { stacks in try slices.map { [try stacks.number(of: $0)] } } ?? slices
      return TrainingExample(groups: groups, phases: phases, label: gradeClass == .high ? 1 : 0)
    }
    return FoldTrainer(
      network: worker.network, settings: learner.training, features: features, examples: examples,
      device: learner.device, checkpoint: FoldCheckpoint(url: task.checkpoint, fold: task.fold),
      phaseDropout: PhaseDropout(learner.settings.inputs))
  }
}

/// A network that was trained; it is there until the worker that trained it is used again.
private struct FittedNetwork: FittedModel {
  let backbone: String
  let fold: Int
  let trainer: FoldTrainer
  let rois: ROISet
  /// What the last epoch gave for those that the fold holds out.
  let heldOut: [(example: Int, probability: Double)]

  func probabilities(of examples: [Int]) throws -> [Double] {
    examples == heldOut.map(\.example) ? heldOut.map(\.probability) : try trainer.probabilities(of: examples)
  }

  func write(to folder: URL) throws {
    try SafeTensors.write(
      trainer.network.state, metadata: FoldNetworkFile.metadata(backbone: backbone, fold: fold),
      to: FoldNetworkFile.url(in: folder))
    guard let network = trainer.network as? BagNetwork, network.pooling == .attention else { return }
    try AttentionTable.write(
      attention(network), to: folder.appendingPathComponent(AttentionTable.fileName))
  }

  /// The weights of the slices that the fold holds out; a group's weight is shared among its slices.
  private func attention(_ network: BagNetwork) throws -> [AttentionTable.Row] {
    let examples = heldOut.map(\.example)
    let weights = try trainer.eachBatch(of: examples) { (batch) throws(TorchError) in
      try network.weights(batch.input, groups: batch.groups)
    }
    return zip(examples, weights).flatMap { example, weights in
      zip(trainer.examples[example].groups, weights).flatMap { group, weight in
        group.map { index in
          let entry = rois.entries[index]
          return AttentionTable.Row(
            patient: entry.patient, lesion: entry.lesion, slice: entry.slice, phase: entry.phase,
            weight: weight / Double(group.count))
        }
      }
    }
  }
}
