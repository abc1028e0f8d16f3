import Backbones
import Experiment
import Foundation
import ROI
import Study
import Torch

/// The networks of some folds of a run whose examples are made of several slices, in whatever form.
///
/// Each is loaded and asked as the run's verification does. Stages that the folds have frozen alike are run once for all of them.
struct FormModels: FoldModels {
  private let folders: ModelFolders
  private let checkpoints: [SafeTensorsFile]
  private let learner: NetworkLearner

  /// Opens the checkpoints.
  ///
  /// - Throws: `StudyError` where the protocol lacks a section; `TrainingError` where a checkpoint is not there, damaged or another's.
  init(_ folders: ModelFolders, _ form: NetworkForm, usesGPU: Bool) throws {
    self.folders = folders
    let network = try folders.keptNetwork()
    checkpoints = try folders.checkpoints(of: network.backbone)
    learner = try NetworkLearner(kept: network, by: folders.settings, form, usesGPU: usesGPU)
  }

  func probabilities(of exam: some PredictedExamples) throws -> [[Double]] {
    let (examples, rois) = try exam.slices(folders.settings)
    exam.remark(learner.notes(on: examples))
    let stacks = learner.form.stacks(of: examples.examples, rois.entries)
    let prepared = PreparedNetwork(learner: learner, rois: rois, stacks: stacks, storeName: nil, store: nil)
    var worker = try prepared.makeWorker()
    let isShared =
      checkpoints.count > 1 && checkpoints.haveSame(worker.initial.network.frozenTensors.map(\.name))
    let features = isShared ? try FrozenStages(learner, worker.initial, rois, stacks).source.kept : nil
    let numbers = Array(examples.examples.indices)
    return try folders.folds.map { fold in
      let folder = folders.folder(fold)
      let task = LearningTask(
        examples: examples, training: [], heldOut: numbers, fold: fold,
        checkpoint: folder.appendingPathComponent("checkpoint.safetensors"))
      return try prepared.load(from: folder, for: task, with: &worker, features: features).probabilities(of: numbers)
    }
  }
}

extension PredictedExamples {
  /// The examples that a network predicts, with the slices that they are made of.
  ///
  /// - Throws: `TrainingError` where they are made of none; what keeps them from being made.
  func slices(_ settings: StudyProtocol) throws -> (examples: ExampleSet, rois: ROISet) {
    let examples = try examples(settings)
    guard let rois = examples.rois else { throw TrainingError("a network predicts slices, but the exam has none") }
    return (examples, rois)
  }
}

extension [SafeTensorsFile] {
  /// Whether all files have the same tensors of some names.
  func haveSame(_ names: [String]) -> Bool {
    guard let first else { return true }
    return dropFirst().allSatisfy { other in names.allSatisfy { first.hasSame($0, as: other) } }
  }
}

/// The backbone of a run's networks, as their checkpoints keep it.
struct KeptBackbone {
  /// Its name in the registry.
  let backbone: String
  /// The last frozen stage; nil where all was trained.
  let frozenThrough: String?
}

extension ModelFolders {
  /// The backbone that was trained: the manifest's or, of a stack's member, the protocol's or its substitute.
  ///
  /// - Throws: `StudyError` where the protocol has no network; `TrainingError` where the first checkpoint cannot be read.
  func keptNetwork() throws -> KeptBackbone {
    if let network { return KeptBackbone(backbone: network.backbone, frozenThrough: network.frozenThrough) }
    let asked = try settings.requireNetwork()
    let own = KeptBackbone(
      backbone: asked.backbone, frozenThrough: asked.initialisation == .scratch ? nil : asked.frozenThrough)
    guard let substitute = asked.substitute, let fold = folds.first else { return own }
    let found = try checkpoint(fold).metadata["backbone"]
    return found == substitute.backbone
      ? KeptBackbone(backbone: substitute.backbone, frozenThrough: substitute.frozenThrough) : own
  }

  /// Opens the checkpoints of all folds.
  ///
  /// - Throws: `TrainingError` where one is not there, damaged or another's.
  func checkpoints(of backbone: String) throws(TrainingError) -> [SafeTensorsFile] {
    var files: [SafeTensorsFile] = []
    for fold in folds {
      let file = try checkpoint(fold)
      try FoldNetworkFile.require(
        file.metadata, backbone: backbone, fold: fold, place: FoldNetworkFile.place(networkFile(fold)))
      files.append(file)
    }
    return files
  }

  private func checkpoint(_ fold: Int) throws(TrainingError) -> SafeTensorsFile {
    try run.checkpoint(fold: fold, at: networkFile(fold))
  }
}
