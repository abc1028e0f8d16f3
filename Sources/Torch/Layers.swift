/// A step of a network: a function of a tensor, with the tensors that it owns.
public protocol Layer {
  /// The layer's parameters and buffers, in the order of the file of weights.
  var tensors: [NamedTensor] { get }

  /// Applies the layer; `training` is what PyTorch calls the mode: it matters to batch normalisation and dropout.
  func callAsFunction(_ input: Tensor, training: Bool) throws(TorchError) -> Tensor
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
}

/// How a convolution's border is filled.
public enum Padding: Sendable {
  /// Zeros, as many on each side: (kernel - 1) / 2, as PyTorch's networks do it.
  case half
  /// Zeros, as many in all as make the output ceil(input / stride), the odd one at the end: TensorFlow's "SAME".
  case same
}

/// A two-dimensional convolution without a bias; input N x C x H x W.
public struct Conv2d: Layer {
  private let weight: NamedTensor
  private let kernel: Int
  private let stride: Int
  private let padding: Padding
  private let groups: Int

  /// Makes a convolution with fresh weights `name.weight`: normal, with variance 2 / fan-out of one group.
  ///
  /// Source: He et al., "Delving Deep into Rectifiers", ICCV 2015, arXiv:1502.01852; as torchvision's ResNet has it.
  public init(
    _ name: String, _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Padding = .half,
    groups: Int = 1, _ initialiser: Initialiser
  ) throws(TorchError) {
    let fanOut = Double(kernel * kernel * outputs / groups)
    weight = NamedTensor(
      "\(name).weight",
      try initialiser.normal(
        "\(name).weight", [outputs, inputs / groups, kernel, kernel], deviation: (2 / fanOut).squareRoot()))
    (self.kernel, self.stride, self.padding, self.groups) = (kernel, stride, padding, groups)
  }

  /// The weight.
  public var tensors: [NamedTensor] { [weight] }

  /// Convolves.
  public func callAsFunction(_ input: Tensor, training: Bool) throws(TorchError) -> Tensor {
    var (input, border) = (input, (kernel - 1) / 2)
    if case .same = padding, kernel > 1 {
      let size = input.shape.suffix(2).map { max((($0 + stride - 1) / stride - 1) * stride + kernel - $0, 0) }
      if size.allSatisfy({ $0 == kernel - 1 }), kernel % 2 == 1 {
        border = (kernel - 1) / 2  // the same on all sides: the convolution does it without a copy
      } else {
        let (height, width) = (size[0], size[1])
        input = try input.padded([width / 2, width - width / 2, height / 2, height - height / 2])
        border = 0
      }
    }
    if training, groups == 1, input.dtype == .bfloat16, input.device == .cpu {
      return try input.convolvedInTraining(weight.tensor, stride: stride, padding: border, by: method(input.shape[1]))
    }
    return try input.convolved(weight.tensor, bias: nil, stride: stride, padding: border, groups: groups)
  }

  /// What is fastest in bfloat16 on a CPU; in float32, and without gradients, the library's convolutions are.
  ///
  /// A 1 x 1 kernel's gradient of the weight takes a third less time as a product, and a quarter of it where there is a stride.
  /// That of a larger kernel on 512 channels takes 7 ms over patches against 17 where there is AMX, on 256 channels 4 either way.
  private func method(_ channels: Int) -> Tensor.TrainingMethod {
    if kernel == 1 { return .pointwiseProduct }
    return LibTorch.hasTileProducts && channels >= 512 ? .patchGradient : .convolution
  }
}

/// Batch normalisation per channel (Ioffe and Szegedy 2015, arXiv:1502.03167); input N x C x H x W.
public struct BatchNorm2d: Layer {
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

  /// Makes a layer with fresh `name.weight` and `name.bias`, both even in +-1 / sqrt(inputs), PyTorch's own default.
  public init(_ name: String, _ inputs: Int, _ outputs: Int, _ initialiser: Initialiser) throws(TorchError) {
    let bound = 1 / Double(inputs).squareRoot()
    weight = NamedTensor("\(name).weight", try initialiser.uniform("\(name).weight", [outputs, inputs], bound: bound))
    bias = NamedTensor("\(name).bias", try initialiser.uniform("\(name).bias", [outputs], bound: bound))
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

/// The maximum of each window.
public struct MaxPool2d: Layer {
  private let kernel: Int
  private let stride: Int

  /// Makes a pooling with a border of (kernel - 1) / 2 on each side.
  public init(kernel: Int, stride: Int) { (self.kernel, self.stride) = (kernel, stride) }

  /// None.
  public var tensors: [NamedTensor] { [] }

  /// Pools.
  public func callAsFunction(_ input: Tensor, training: Bool) throws(TorchError) -> Tensor {
    try input.maxPooled(kernel: kernel, stride: stride, padding: (kernel - 1) / 2)
  }
}

/// The mean of each channel: N x C x H x W to N x C.
public struct GlobalAveragePool: Layer {
  /// Makes the pooling.
  public init() {}

  /// None.
  public var tensors: [NamedTensor] { [] }

  /// Pools.
  public func callAsFunction(_ input: Tensor, training: Bool) throws(TorchError) -> Tensor {
    try input.averagePooledToOne().reshaped([input.shape[0], -1])
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
    let kept = try Tensor.full([input.shape[0], 1, 1, 1], 1, dtype: input.dtype, device: input.device)
    return try input * kept.droppedOut(probability, training: true)
  }
}
