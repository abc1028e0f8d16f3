import Backbones
import Foundation
import Study
import Torch

/// Decides where a cross-validation's trained part gets its input from.
struct FrozenStages {
  let validation: CrossValidation
  let inputs: NetworkInputs

  init(_ validation: CrossValidation) {
    self.validation = validation
    inputs = NetworkInputs(
      rois: validation.rois, size: validation.settings.roi.outputSize,
      preprocessing: validation.initial.network.preprocessing, device: validation.device)
  }

  /// The store of the frozen stages' output where it pays and fits, the computation itself elsewhere.
  func source(progress: (TrainingProgress) -> Void) throws -> FeatureSource {
    guard let frozenThrough = validation.initial.frozenThrough, let weights = validation.initial.weightsHash else {
      return .computed(inputs.batch)
    }
    let training = validation.settings.training
    let dtype = training.precision.dtype
    let shape = Array(try compute([Sample(index: 0, isFlipped: false)]).shape.dropFirst())
    let roiCount = validation.rois.entries.count
    let withFlips = training.flipProbability > 0
    let bytes = FeatureStore.byteCount(roiCount: roiCount, withFlips: withFlips, shape: shape, dtype: dtype)
    guard bytes <= validation.options.featureBudget else { return .computed(compute) }
    let key = FeatureStore.Key(parts: [
      "rois \(validation.rois.fileName)", "size \(inputs.size)", "preprocessing \(inputs.preprocessing)",
      "backbone \(validation.initial.backbone)", "weights \(weights)", "frozen through \(frozenThrough)",
      "dtype \(dtype)", "flips \(withFlips)", "RenalGrade \(renalGradeVersion)",
      "libtorch \(LibTorch.version) \(LibTorch.cpuCapability) \(validation.device) "
        + LibTorch.hardware(of: validation.device),
    ])
    // One thread for each pass, and as many passes at a time as there are threads: the values do not depend on their number.
    let sides = SideBySide(validation.device == .cpu ? LibTorch.threadCount : 1)
    // Read by all of them and changed by none.
    nonisolated(unsafe) let stages = self
    return .stored(
      try FeatureStore(
        in: validation.study.featuresFolder, key: key, budget: validation.options.featureBudget, roiCount: roiCount,
        withFlips: withFlips, shape: shape, dtype: dtype, sides: sides, compute: { try stages.compute($0) },
        progress: { progress(.features(done: $0, of: $1)) }))
  }

  private func compute(_ samples: [Sample]) throws -> Tensor {
    let images = try inputs.batch(samples)
    return try withAutocast(validation.settings.training.precision.dtype, on: validation.device) {
      () throws(TorchError) in
      try validation.initial.network.frozenPart(images)
    }
  }
}
