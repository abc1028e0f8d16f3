internal import Torch

// He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", CVPR 2016, arXiv:1512.03385: Table 1 and Figure 5.
// Names and details as in torchvision, whose bottleneck has its stride in the 3 x 3 convolution ("ResNet v1.5").

extension Architecture {
  /// ResNet-18.
  static let resNet18 = resNet("resnet18", .basic, [2, 2, 2, 2])
  /// ResNet-34.
  static let resNet34 = resNet("resnet34", .basic, [3, 4, 6, 3])
  /// ResNet-50, the paper's network.
  static let resNet50 = resNet("resnet50", .bottleneck, [3, 4, 6, 3])

  private static func resNet(_ name: String, _ kind: ResidualBlock.Kind, _ blocks: [Int]) -> Architecture {
    Architecture(name: name, preprocessing: .imageNet) { (classes, initialiser) throws(TorchError) in
      var stages: [(name: String, layer: any Layer)] = [("stem", try imageStem(initialiser))]
      var channels = 64
      for (index, count) in blocks.enumerated() {
        let stage = ResidualStage<ImageAxes>(
          name: "layer\(index + 1)", kind: kind, blocks: count, width: 64 << index, stride: index > 0 ? 2 : 1)
        stages.append((stage.name, try stage.layer(&channels, initialiser)))
      }
      let classifier = Sequential([GlobalAveragePool(), try Linear("fc", channels, classes, initialiser)])
      return Parts(stages: stages, classifier: classifier)
    }
  }

  /// What comes before the residual blocks of an image's ResNet.
  static func imageStem(_ initialiser: Initialiser) throws(TorchError) -> Sequential {
    Sequential([
      try Conv2d("conv1", 3, 64, kernel: 7, stride: 2, initialiser), try BatchNorm("bn1", 64), Activation.relu,
      Pool.maximum(kernel: 3, stride: 2, padding: 1),
    ])
  }
}

/// Residual blocks one after the other, of which the first changes the number of channels and the size.
struct ResidualStage<Axes: SpatialAxes> {
  /// What the input of a block is added as where its shape changes.
  enum Shortcut {
    /// A 1 x 1 convolution: the paper's option B.
    case projection
    /// Every stride-th element, with channels of zeros: the paper's option A, without parameters.
    case zeroPadding
  }

  /// The name before those of the blocks, such as `layer1`.
  let name: String
  let kind: ResidualBlock.Kind
  let blocks: Int
  /// Channels inside a block.
  let width: Int
  /// The stride of the first block along the axes that shrink.
  let stride: Int
  /// The first block's stride along each axis.
  var strides: PerAxis { keepsSlices ? [1, stride, stride] : .all(stride) }
  /// Whether a volume keeps its number of slices.
  var keepsSlices = false
  var dilation = 1
  var shortcut = Shortcut.projection

  /// Makes the blocks with fresh weights; `channels` are those of the input, then those of the output.
  func layer(_ channels: inout Int, _ initialiser: Initialiser) throws(TorchError) -> Sequential {
    var layers: [any Layer] = []
    for index in 0..<blocks {
      layers.append(try block("\(name).\(index)", channels, isFirst: index == 0, initialiser))
      channels = width * kind.expansion
    }
    return Sequential(layers)
  }

  private func block(
    _ name: String, _ inputs: Int, isFirst: Bool, _ initialiser: Initialiser
  ) throws(TorchError) -> ResidualBlock {
    let outputs = width * kind.expansion
    let strides: PerAxis = isFirst ? self.strides : 1
    func convolution(
      _ number: Int, _ inputs: Int, _ outputs: Int, kernel: PerAxis, stride: PerAxis = 1, dilation: PerAxis = 1
    ) throws(TorchError) -> [any Layer] {
      [
        try Convolution<Axes>(
          "\(name).conv\(number)", inputs, outputs, kernel: kernel, stride: stride, dilation: dilation, initialiser),
        try BatchNorm("\(name).bn\(number)", outputs),
      ]
    }
    let residual: [any Layer] =
      switch kind {
      case .basic:
        try convolution(1, inputs, width, kernel: 3, stride: strides, dilation: .all(dilation)) + [Activation.relu]
          + convolution(2, width, outputs, kernel: 3, dilation: .all(dilation))
      case .bottleneck:
        try convolution(1, inputs, width, kernel: 1) + [Activation.relu]
          + convolution(2, width, width, kernel: 3, stride: strides, dilation: .all(dilation)) + [Activation.relu]
          + convolution(3, width, outputs, kernel: 1)
      }
    let changesShape = inputs != outputs || (isFirst && stride != 1)
    return ResidualBlock(
      Sequential(residual), shortcut: changesShape ? try shortcut(name, inputs, outputs, strides, initialiser) : nil)
  }

  private func shortcut(
    _ name: String, _ inputs: Int, _ outputs: Int, _ strides: PerAxis, _ initialiser: Initialiser
  ) throws(TorchError) -> any Layer {
    switch shortcut {
    case .projection:
      Sequential([
        try Convolution<Axes>("\(name).downsample.0", inputs, outputs, kernel: 1, stride: strides, initialiser),
        try BatchNorm("\(name).downsample.1", outputs),
      ])
    case .zeroPadding:
      Sequential([Pool.mean(kernel: 1, stride: strides), ChannelsOfZeros(count: outputs - inputs)])
    }
  }
}

/// relu(F(x) + x), where x goes through the shortcut if its shape changes.
struct ResidualBlock: Layer {
  enum Kind: Sendable {
    /// Two 3 x 3 convolutions.
    case basic
    /// 1 x 1 down, 3 x 3, and 1 x 1 up.
    case bottleneck

    /// Output channels per channel inside.
    var expansion: Int { self == .basic ? 1 : 4 }
  }

  private let residual: any Layer
  private let shortcut: (any Layer)?

  init(_ residual: any Layer, shortcut: (any Layer)?) { (self.residual, self.shortcut) = (residual, shortcut) }

  var tensors: [NamedTensor] { residual.tensors + (shortcut?.tensors ?? []) }

  func callAsFunction(_ input: Tensor, training: Bool) throws(TorchError) -> Tensor {
    let passed = try shortcut?(input, training: training) ?? input
    return try Activation.relu(residual(input, training: training) + passed, training: training)
  }

  func replacingConvolutions(
    by replacement: (Conv2d) throws(TorchError) -> any Layer
  ) throws(TorchError) -> any Layer {
    ResidualBlock(
      try residual.replacingConvolutions(by: replacement),
      shortcut: try shortcut?.replacingConvolutions(by: replacement))
  }
}

/// Further channels that are zero.
private struct ChannelsOfZeros: Layer {
  let count: Int

  var tensors: [NamedTensor] { [] }

  func callAsFunction(_ input: Tensor, training: Bool) throws(TorchError) -> Tensor {
    let spatial = Array(repeating: 0, count: 2 * (input.shape.count - 2))
    return try input.padded(spatial + [0, count])
  }
}
