/// A step of a network: a function of a tensor, with the tensors that it owns.
public protocol Layer {
  /// The layer's parameters and buffers, in the order of the file of weights.
  var tensors: [NamedTensor] { get }

  /// Applies the layer; `training` is what PyTorch calls the mode: it matters to batch normalisation and dropout.
  func callAsFunction(_ input: Tensor, training: Bool) throws(TorchError) -> Tensor

  /// The same layer with what `replacement` makes of each of its convolutions of images; the other tensors are shared.
  ///
  /// Every layer that is made of layers passes it on.
  func replacingConvolutions(
    by replacement: (Conv2d) throws(TorchError) -> any Layer
  ) throws(TorchError) -> any Layer
}

extension Layer {
  /// A layer without convolutions stays as it is.
  public func replacingConvolutions(
    by replacement: (Conv2d) throws(TorchError) -> any Layer
  ) throws(TorchError) -> any Layer { self }
}

extension [any Layer] {
  /// Each layer with what `replacement` makes of its convolutions.
  func replacingConvolutions(
    by replacement: (Conv2d) throws(TorchError) -> any Layer
  ) throws(TorchError) -> [any Layer] {
    var replaced: [any Layer] = []
    for layer in self { replaced.append(try layer.replacingConvolutions(by: replacement)) }
    return replaced
  }
}

/// Layers one after the other.
public struct Sequential: Layer {
  private let layers: [any Layer]

  /// Chains the layers.
  public init(_ layers: [any Layer]) { self.layers = layers }

  /// The tensors of all layers.
  public var tensors: [NamedTensor] { layers.flatMap(\.tensors) }

  /// Applies the layers in turn.
  public func callAsFunction(_ input: Tensor, training: Bool) throws(TorchError) -> Tensor {
    var output = input
    for layer in layers { output = try layer(output, training: training) }
    return output
  }

  /// The chain of the changed layers.
  public func replacingConvolutions(
    by replacement: (Conv2d) throws(TorchError) -> any Layer
  ) throws(TorchError) -> any Layer { Sequential(try layers.replacingConvolutions(by: replacement)) }
}

/// Batch normalisation per channel (Ioffe and Szegedy 2015, arXiv:1502.03167), of images or volumes, N x C x ....
public struct BatchNorm: Layer {
  private let weight: NamedTensor
  private let bias: NamedTensor
  private let mean: NamedTensor
  private let variance: NamedTensor
  private let momentum: Double
  private let epsilon: Double

  /// Makes a normalisation that changes nothing yet: `name.weight`, `.bias`, `.running_mean`, `.running_var`.
  public init(_ name: String, _ channels: Int, momentum: Double = 0.1, epsilon: Double = 1e-5) throws(TorchError) {
    weight = NamedTensor("\(name).weight", try .full([channels], 1))
    bias = NamedTensor("\(name).bias", try .zeros([channels]))
    mean = NamedTensor("\(name).running_mean", try .zeros([channels]), role: .buffer)
    variance = NamedTensor("\(name).running_var", try .full([channels], 1), role: .buffer)
    (self.momentum, self.epsilon) = (momentum, epsilon)
  }

  /// Weight, bias and running statistics.
  public var tensors: [NamedTensor] { [weight, bias, mean, variance] }

  /// Normalises by the batch's statistics in training, which also updates the running ones; by the running ones else.
  public func callAsFunction(_ input: Tensor, training: Bool) throws(TorchError) -> Tensor {
    try input.batchNormalised(
      weight: weight.tensor, bias: bias.tensor, runningMean: mean.tensor, runningVariance: variance.tensor,
      training: training, momentum: momentum, epsilon: epsilon)
  }
}

/// A fully connected layer: N x inputs to N x outputs.
public struct Linear: Layer {
  private let weight: NamedTensor
  private let bias: NamedTensor

  /// Makes a layer with fresh `name.weight` and `name.bias`: both even in +-1 / sqrt(inputs), PyTorch's own default.
  ///
  /// With a `deviation` the weight is normal instead; `zeroBias` lets the bias start at zero.
  public init(
    _ name: String, _ inputs: Int, _ outputs: Int, deviation: Double? = nil, zeroBias: Bool = false,
    _ initialiser: Initialiser
  ) throws(TorchError) {
    let bound = 1 / Double(inputs).squareRoot()
    let (weightName, biasName, shape) = ("\(name).weight", "\(name).bias", [outputs, inputs])
    if let deviation {
      weight = NamedTensor(weightName, try initialiser.normal(weightName, shape, deviation: deviation))
    } else {
      weight = NamedTensor(weightName, try initialiser.uniform(weightName, shape, bound: bound))
    }
    bias = NamedTensor(biasName, try initialiser.uniform(biasName, [outputs], bound: zeroBias ? 0 : bound))
  }

  /// Weight and bias.
  public var tensors: [NamedTensor] { [weight, bias] }

  /// x W^T + b.
  public func callAsFunction(_ input: Tensor, training: Bool) throws(TorchError) -> Tensor {
    try input.linear(weight.tensor, bias: bias.tensor)
  }
}

/// A layer without tensors of its own.
public enum Activation: Layer {
  /// max(x, 0); overwrites its input, which must be the output of a layer that does not need it any more.
  case relu
  /// min(max(x, 0), 6); overwrites its input in the same way.
  case relu6

  /// None.
  public var tensors: [NamedTensor] { [] }

  /// Applies the function.
  public func callAsFunction(_ input: Tensor, training: Bool) throws(TorchError) -> Tensor {
    switch self {
    case .relu: try input.reluInPlace()
    case .relu6: try input.relu6InPlace()
    }
    return input
  }
}

/// Elements set to zero at random in training, from the generator that `LibTorch.seed` seeds.
public struct Dropout: Layer {
  private let probability: Double

  /// Makes a dropout of the given probability.
  public init(_ probability: Double) { self.probability = probability }

  /// None.
  public var tensors: [NamedTensor] { [] }

  /// Drops out in training, and passes on else.
  public func callAsFunction(_ input: Tensor, training: Bool) throws(TorchError) -> Tensor {
    training ? try input.droppedOut(probability, training: true) : input
  }
}

/// Whole images of a residual branch set to zero at random in training, the rest scaled up.
///
/// Draws from the generator that `LibTorch.seed` seeds. Source: Huang et al., "Deep Networks with Stochastic Depth", ECCV
/// 2016, arXiv:1603.09382.
public struct StochasticDepth: Layer {
  private let probability: Double

  /// Makes a stochastic depth of the given probability.
  public init(_ probability: Double) { self.probability = probability }

  /// None.
  public var tensors: [NamedTensor] { [] }

  /// Drops images of the batch in training, and passes on else.
  public func callAsFunction(_ input: Tensor, training: Bool) throws(TorchError) -> Tensor {
    guard training, probability > 0 else { return input }
    let shape = [input.shape[0]] + Array(repeating: 1, count: input.shape.count - 1)
    let kept = try Tensor.full(shape, 1, dtype: input.dtype, device: input.device)
    return try input * kept.droppedOut(probability, training: true)
  }
}
