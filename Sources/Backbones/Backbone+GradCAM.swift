public import Torch

extension Backbone {
  /// Where in an image lies what speaks for a class: Grad-CAM of the last stage's output, N x (slices x) rows x columns of that stage.
  ///
  /// The map is max(sum over channels of weight x activation, 0), a channel's weight the mean of the class's logit's gradient
  /// over the channel. It is zero throughout where nothing speaks for the class. The network is as it is in prediction, and
  /// its parameters' gradients are empty afterwards.
  ///
  /// Source: Selvaraju et al., "Grad-CAM", ICCV 2017, arXiv:1610.02391, equations 1 and 2.
  /// - Parameters:
  ///   - images: images or volumes, as `preprocessing` says.
  ///   - index: the class, from 0.
  /// - Returns: the maps, without a gradient.
  /// - Throws: `TorchError` where there is no such class, or the images do not fit.
  public func gradCAM(_ images: Tensor, of index: Int) throws(TorchError) -> Tensor {
    let output = try withoutGradient { () throws(TorchError) in try lastStage(of: images) }
    return try gradCAM(ofLastStage: output, of: index, clearing: parts.classifier.tensors) {
      (output) throws(TorchError) in
      try parts.classifier(output, training: false)
    }
  }

  /// The last stage's output for images or volumes, as in prediction.
  func lastStage(of images: Tensor) throws(TorchError) -> Tensor {
    var output = images
    for stage in parts.stages { output = try stage.layer(output, training: false) }
    return output
  }

  /// The same for the logits that `head` makes of the last stage's output; the gradients of `tensors` are empty afterwards.
  func gradCAM(
    ofLastStage output: Tensor, of index: Int, clearing tensors: [NamedTensor],
    head: (Tensor) throws(TorchError) -> Tensor
  ) throws(TorchError) -> Tensor {
    let activation = try output.detached()
    try activation.setRequiresGradient(true)
    // A logit depends on the activations of its own images alone: the gradient of the sum holds all gradients.
    try head(activation).narrowed(1, start: index, length: 1).sum().backward()
    for entry in tensors { try entry.tensor.clearGradient() }
    guard let gradient = try activation.gradient() else {
      throw TorchError("the classifier of \(name) does not depend on its input")
    }
    return try withoutGradient { () throws(TorchError) in
      let weights = try gradient.mean(Array(2..<gradient.shape.count), keepingDimensions: true)
      return try (weights * activation).sum([1]).relu()
    }
  }
}
