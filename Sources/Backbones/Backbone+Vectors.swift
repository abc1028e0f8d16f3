internal import Torch

// A backbone in two steps, for those who pool between them.

extension Backbone {
  /// Where the network lies.
  var device: Device { headState.values.first?.device ?? .cpu }

  /// The number of elements that the classifier takes: the channels of the last stage.
  var featureCount: Int { headState.values.first { $0.shape.count == 2 }?.shape[1] ?? 0 }

  /// The means over all places of the last stage's output: N x channels, float32.
  func vectors(_ output: Tensor) throws(TorchError) -> Tensor {
    try output.averagePooledToOne().to(.float32).reshaped([output.shape[0], -1])
  }

  /// The logits of N vectors: the classifier pools over places, of which there is one.
  func classified(_ vectors: Tensor, training: Bool) throws(TorchError) -> Tensor {
    let places = preprocessing.kind == .images ? [1, 1] : [1, 1, 1]
    return try parts.classifier(vectors.reshaped(vectors.shape + places), training: training)
  }
}
