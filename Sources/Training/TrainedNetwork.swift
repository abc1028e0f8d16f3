import Backbones
import Torch

/// A network as a fold trains it: what comes between the stored features of slices and the logits of examples.
///
/// It is what differs between slices, bags and volumes; order, loss, optimiser and checkpoints are the same for all.
protocol TrainedNetwork: AnyObject {
  /// The parameters that are trained, with their names, for the optimiser.
  var trainedParameters: [(name: String, tensor: Tensor)] { get }
  /// The live parameters and running statistics.
  var state: [String: Tensor] { get }
  /// What of `state` training changes.
  var trainedState: [String: Tensor] { get }
  /// Overwrites all by a former `state`; throws where it is another's.
  func load(_ state: [String: Tensor]) throws
  /// Overwrites what training changes by a former `trainedState`; throws where it is another's.
  func loadTrainedPart(_ state: [String: Tensor]) throws
  /// Takes what a fold may have changed, apart from the backbone, back to where every fold starts from.
  func reset() throws
  /// The logits of a batch's examples, N x classes.
  func logits(_ batch: Batch, training: Bool) throws(TorchError) -> Tensor
  /// Grad-CAM of high grade in the slices or volumes of some examples, `groups` and `phases` as in `Batch`: one map for each.
  func maps(_ images: Tensor, groups: [[Int]], phases: [[Int]]) throws(TorchError) -> Tensor
}

/// The class whose maps explain a network: high grade.
private let explainedClass = 1

extension Backbone: TrainedNetwork {
  func load(_ state: [String: Tensor]) throws { try load(state, replacingHead: false) }
  func reset() {}
  func logits(_ batch: Batch, training: Bool) throws(TorchError) -> Tensor {
    try trainedPart(batch.input, training: training)
  }
  func maps(_ images: Tensor, groups: [[Int]], phases: [[Int]]) throws(TorchError) -> Tensor {
    try gradCAM(images, of: explainedClass)
  }
}

extension BagNetwork: TrainedNetwork {
  func reset() throws { try resetAttention() }
  func logits(_ batch: Batch, training: Bool) throws(TorchError) -> Tensor {
    try logits(batch.input, groups: batch.groups, phases: batch.phases, training: training)
  }
  func maps(_ images: Tensor, groups: [[Int]], phases: [[Int]]) throws(TorchError) -> Tensor {
    try gradCAM(images, groups: groups, phases: phases, of: explainedClass)
  }
}

extension VolumeNetwork: TrainedNetwork {
  func reset() throws { try resetKernels() }
  func logits(_ batch: Batch, training: Bool) throws(TorchError) -> Tensor {
    try logits(batch.input, groups: batch.groups, phases: batch.phases, training: training)
  }
  func maps(_ images: Tensor, groups: [[Int]], phases: [[Int]]) throws(TorchError) -> Tensor {
    try gradCAM(images, groups: groups, phases: phases, of: explainedClass)
  }
}
