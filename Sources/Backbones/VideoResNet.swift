internal import Torch

// Tran et al., "A Closer Look at Spatiotemporal Convolutions for Action Recognition", CVPR 2018, arXiv:1711.11248: 18 layers in
// which the frames of a video lie as the slices of a volume. Names and details as in torchvision; learnt from Kinetics-400.

extension Architecture {
  /// R3D-18: every convolution spans slices.
  static let r3d18 = videoResNet("r3d_18", [.volume, .volume, .volume, .volume])
  /// MC3-18: those of layer1 span slices, the others see each slice alone.
  static let mc3x18 = videoResNet("mc3_18", [.volume, .slice, .slice, .slice])
  /// R(2+1)D-18: each convolution as one within slices and one across them.
  static let r2plus1d18 = videoResNet("r2plus1d_18", [.factored, .factored, .factored, .factored])

  private static func videoResNet(_ name: String, _ kinds: [VideoConvolution]) -> Architecture {
    Architecture(
      name: name, preprocessing: .kinetics, published: PublishedFile(classes: 400)
    ) { (classes, initialiser) throws(TorchError) in
      var stages: [(name: String, layer: any Layer)] = [("stem", try videoStem(kinds[0], initialiser))]
      var channels = 64
      for (index, kind) in kinds.enumerated() {
        let (name, width) = ("layer\(index + 1)", 64 << index)
        var blocks: [any Layer] = []
        for block in 0..<2 {
          let stride = block == 0 && index > 0 ? 2 : 1
          blocks.append(
            try kind.block("\(name).\(block)", channels, width, stride: stride, initialiser))
          channels = width
        }
        stages.append((name, Sequential(blocks)))
      }
      let classifier = Sequential([
        GlobalAveragePool(), try Linear("fc", channels, classes, deviation: 0.01, zeroBias: true, initialiser),
      ])
      return Parts(stages: stages, classifier: classifier)
    }
  }

  private static func videoStem(
    _ kind: VideoConvolution, _ initialiser: Initialiser
  ) throws(TorchError) -> Sequential {
    guard kind == .factored else {
      return Sequential([
        try Conv3d("stem.0", 3, 64, kernel: [3, 7, 7], stride: [1, 2, 2], initialiser), try BatchNorm("stem.1", 64),
        Activation.relu,
      ])
    }
    return Sequential([
      try Conv3d("stem.0", 3, 45, kernel: [1, 7, 7], stride: [1, 2, 2], initialiser), try BatchNorm("stem.1", 45),
      Activation.relu, try Conv3d("stem.3", 45, 64, kernel: [3, 1, 1], initialiser), try BatchNorm("stem.4", 64),
      Activation.relu,
    ])
  }
}

/// What a 3 x 3 x 3 convolution is made of.
private enum VideoConvolution: Sendable {
  /// Itself.
  case volume
  /// 1 x 3 x 3.
  case slice
  /// 1 x 3 x 3, a normalisation, a ReLU, and 3 x 1 x 1.
  case factored

  /// Two convolutions and a shortcut.
  func block(
    _ name: String, _ inputs: Int, _ outputs: Int, stride: Int, _ initialiser: Initialiser
  ) throws(TorchError) -> ResidualBlock {
    // As many channels between the factors as give the parameters of the whole.
    let between = inputs * outputs * 27 / (inputs * 9 + 3 * outputs)
    let residual: [any Layer] =
      try convolution("\(name).conv1.0", inputs, outputs, between: between, stride: stride, initialiser)
      + [try BatchNorm("\(name).conv1.1", outputs), Activation.relu]
      + convolution("\(name).conv2.0", outputs, outputs, between: between, stride: 1, initialiser)
      + [try BatchNorm("\(name).conv2.1", outputs)]
    guard stride != 1 || inputs != outputs else { return ResidualBlock(Sequential(residual), shortcut: nil) }
    let strides: PerAxis = self == .slice ? [1, stride, stride] : .all(stride)
    return ResidualBlock(
      Sequential(residual),
      shortcut: Sequential([
        try Conv3d("\(name).downsample.0", inputs, outputs, kernel: 1, stride: strides, initialiser),
        try BatchNorm("\(name).downsample.1", outputs),
      ]))
  }

  private func convolution(
    _ name: String, _ inputs: Int, _ outputs: Int, between: Int, stride: Int, _ initialiser: Initialiser
  ) throws(TorchError) -> [any Layer] {
    switch self {
    case .volume: [try Conv3d(name, inputs, outputs, kernel: 3, stride: .all(stride), initialiser)]
    case .slice: [try Conv3d(name, inputs, outputs, kernel: [1, 3, 3], stride: [1, stride, stride], initialiser)]
    case .factored:
      [
        try Conv3d("\(name).0", inputs, between, kernel: [1, 3, 3], stride: [1, stride, stride], initialiser),
        try BatchNorm("\(name).1", between), Activation.relu,
        try Conv3d("\(name).3", between, outputs, kernel: [3, 1, 1], stride: [stride, 1, 1], initialiser),
      ]
    }
  }
}
