import Backbones
import Experiment
import Foundation
import ROI
import Study
import Support
import Torch

/// The frozen stages of a network, whose output for a slice or a stack of slices is a constant: stored where that pays and fits, computed elsewhere.
struct FrozenStages {
  private let learner: NetworkLearner
  private let initial: InitialNetwork
  private let inputs: NetworkInputs

  /// The frozen stages over slices, or over stacks of them.
  init(_ learner: NetworkLearner, _ initial: InitialNetwork, _ rois: ROISet, _ stacks: LesionStacks? = nil) throws {
    self.learner = learner
    self.initial = initial
    var inputs = try NetworkInputs(rois, learner.settings, initial.network.preprocessing, learner.device)
    inputs.stacks = stacks?.stacks
    self.inputs = inputs
  }

  private var dtype: DType { learner.training.precision.dtype }
  private var withFlips: Bool { learner.training.flipProbability > 0 }

  /// The input of the trained part, computed again for each batch.
  var source: FeatureSource { .computed(initial.frozenThrough == nil ? inputs.batch : compute) }

  /// What the stored output depends on; nil where there is nothing to store.
  private var key: FeatureStore.Key? {
    // What phases are seen with a slice differs from epoch to epoch where some are left out.
    guard inputs.channels == nil, let frozenThrough = initial.frozenThrough, let weights = initial.weightsHash else {
      return nil
    }
    return FeatureStore.Key { encoding in
      encoding.field("rois", inputs.rois.fileName)
      if inputs.neighbours > 0 { encoding.field("neighbours", inputs.neighbours) }
      for stack in inputs.stacks ?? [] { stack.identify(in: &encoding) }
      encoding.field("size", inputs.size)
      encoding.field("mean", inputs.preprocessing.mean)
      encoding.field("standardDeviation", inputs.preprocessing.standardDeviation)
      encoding.field("backbone", initial.backbone)
      encoding.field("weights", weights)
      encoding.field("frozenThrough", frozenThrough)
      encoding.field("type", "\(dtype)")
      encoding.field("withFlips", withFlips)
      encoding.field("RenalGrade", renalGradeVersion)
      encoding.field("libtorch", LibTorch.version)
      encoding.field("capability", LibTorch.cpuCapability)
      encoding.field("device", "\(learner.device)")
      encoding.field("hardware", LibTorch.hardware(of: learner.device))
    }
  }

  /// The name of the file that the output is stored in; nil where there is nothing to store.
  var storeName: String? { key?.fileName }

  /// The stored output, which is made where it is not there; nil where it would not fit, or there is nothing to store.
  func store(progress: (Int, Int) -> Void) throws -> FeatureStore? {
    guard let key, let study = learner.study else { return nil }
    let shape = Array(try compute([Sample(index: 0, isFlipped: false)]).shape.dropFirst())
    let roiCount = inputs.stacks?.count ?? inputs.rois.entries.count
    let budget = learner.options.featureBudget
    let bytes = FeatureStore.byteCount(roiCount: roiCount, withFlips: withFlips, shape: shape, dtype: dtype)
    guard bytes <= budget else { return nil }
    // One thread for each pass, and as many passes at a time as there are threads: the values do not depend on their number.
    let sides = SideBySide(
      learner.device == .cpu ? LibTorch.threadCount : 1, of: LibTorch.threadCount,
      setThreadCount: LibTorch.setThreadCount)
    // Read by all of them and changed by none.
    nonisolated(unsafe) let stages = self
    return try FeatureStore(
      in: study.featuresFolder, key: key, budget: budget, roiCount: roiCount, withFlips: withFlips,
      shape: shape,
      dtype: dtype, sides: sides, compute: { try stages.compute($0) }, progress: progress)
  }

  /// The mean over its places of one entry, as `store` would keep it.
  func vector(of sample: Sample) throws -> [Float] {
    try compute([sample]).to(dtype).to(.cpu).to(.float32).mean([2, 3]).floats()
  }

  private func compute(_ samples: [Sample]) throws -> Tensor {
    let images = try inputs.batch(samples)
    return try withAutocast(dtype, on: learner.device) { () throws(TorchError) in
      try initial.network.frozenPart(images)
    }
  }
}
