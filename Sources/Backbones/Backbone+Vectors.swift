internal import Torch

// A backbone in two steps, for those who pool between them.

extension Backbone {
  /// Where the network lies.
  var device: Device { headState.values.first?.device ?? .cpu }

  /// The number of elements that the classifier takes: the channels of the last stage.
  var featureCount: Int { headState.values.first { $0.shape.count == 2 }?.shape[1] ?? 0 }

  /// The means over rows and columns of the last stage's output: N x channels, float32.
  func vectors(_ output: Tensor) throws(TorchError) -> Tensor {
    try output.averagePooledToOne().to(.float32).reshaped([output.shape[0], -1])
  }

  /// The logits of N vectors: the classifier pools over rows and columns, of which there is one each.
  func classified(_ vectors: Tensor, training: Bool) throws(TorchError) -> Tensor {
    try parts.classifier(vectors.reshaped(vectors.shape + [1, 1]), training: training)
  }
}
