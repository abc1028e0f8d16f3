import Backbones
import Experiment
import Foundation
import ROI
import Study
import Torch

/// The networks of some folds of a run that learnt from slices.
///
/// Stages that the folds have frozen alike are run once for all of them.
struct SliceModels: FoldModels {
  private let folders: ModelFolders
  private let checkpoints: [SafeTensorsFile]
  private let plan: KeptNetwork.Plan

  /// How many slices go through the frozen stages, and through the trained ones, at once: few where an image is large, so that
  /// it stays in the processor's caches; many where weights are, so that each is brought there once.
  private static let (frozenPass, trainedPass) = (4, 32)

  /// Opens the checkpoints.
  ///
  /// - Throws: `StudyError` where the protocol lacks a section; `TrainingError` where a checkpoint is not there, damaged or another's.
  init(_ folders: ModelFolders, usesGPU: Bool) throws {
    LibTorch.poolMemory()
    self.folders = folders
    let network = try folders.keptNetwork()
    checkpoints = try folders.checkpoints(of: network.backbone)
    let device = LibTorch.device(usesGPU: usesGPU)
    plan = KeptNetwork.Plan(
      architecture: try Architecture.named(network.backbone), frozenThrough: network.frozenThrough,
      dtype: try folders.settings.requireTraining().precision.resolved(on: device).dtype, device: device)
  }

  func probabilities(of exam: some PredictedExamples) throws -> [[Double]] {
    let (examples, rois) = try exam.slices(folders.settings)
    return try probabilities(of: rois, examples.examples.flatMap(\.rois))
  }

  /// The probability of high grade, by network and slice; slices are named by their numbers in `rois`.
  func probabilities(of rois: ROISet, _ slices: [Int]) throws -> [[Double]] {
    try LibTorch.setDeterministic(true)
    let first = try network(0)
    let isShared = checkpoints.haveSame(first.frozenNames)
    let features = try isShared ? features(rois, slices, first) : nil
    return try checkpoints.indices.map { index in
      let network = try index == 0 ? first : network(index, sharing: isShared ? first : nil)
      let features = try features ?? self.features(rois, slices, network)
      return try stride(from: 0, to: slices.count, by: Self.trainedPass).flatMap { start in
        let length = min(Self.trainedPass, slices.count - start)
        return try network.probabilities(features.narrowed(0, start: start, length: length))
      }
    }
  }

  private func network(_ index: Int, sharing first: KeptNetwork? = nil) throws -> KeptNetwork {
    do {
      return try KeptNetwork(checkpoints[index], plan, sharing: first)
    } catch {
      throw TrainingError(
        "the checkpoint of fold \(folders.folds[index] + 1) is not that of \(plan.architecture.name) as the run "
          + "\(folders.run.id) trained it: \(error). Copy the run's folder from its study again")
    }
  }

  private func features(_ rois: ROISet, _ slices: [Int], _ network: KeptNetwork) throws -> Tensor {
    let inputs = try NetworkInputs(rois, folders.settings, plan.architecture.preprocessing, plan.device)
    let passes = try stride(from: 0, to: slices.count, by: Self.frozenPass).map { start in
      let pass = slices[start..<min(start + Self.frozenPass, slices.count)]
      return try network.frozenPart(inputs.batch(pass.map { Sample(index: $0, isFlipped: false) }))
    }
    return try Tensor.concatenate(passes, along: 0)
  }
}
