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
      let stem = Sequential([
        try Conv2d("conv1", 3, 64, kernel: 7, stride: 2, initialiser), try BatchNorm("bn1", 64), Activation.relu,
        Pool.maximum(kernel: 3, stride: 2, padding: 1),
      ])
      var stages: [(name: String, layer: any Layer)] = [("stem", stem)]
      var channels = 64
      for (index, count) in blocks.enumerated() {
        let width = 64 << index
        var layer: [any Layer] = []
        for block in 0..<count {
          let stride = block == 0 && index > 0 ? 2 : 1
          layer.append(
            try ResidualBlock(
              kind, "layer\(index + 1).\(block)", channels, width: width, stride: stride, initialiser))
          channels = width * kind.expansion
        }
        stages.append(("layer\(index + 1)", Sequential(layer)))
      }
      let classifier = Sequential([GlobalAveragePool(), try Linear("fc", channels, classes, initialiser)])
      return Parts(stages: stages, classifier: classifier)
    }
  }
}

/// relu(F(x) + x), where x is projected by a 1 x 1 convolution if its shape changes.
struct ResidualBlock: Layer {
  enum Kind {
    /// Two 3 x 3 convolutions.
    case basic
    /// 1 x 1 down, 3 x 3, and 1 x 1 up.
    case bottleneck

    /// Output channels per channel inside.
    var expansion: Int { self == .basic ? 1 : 4 }
  }

  private let residual: Sequential
  private let projection: Sequential?

  init(
    _ kind: Kind, _ name: String, _ inputs: Int, width: Int, stride: Int, _ initialiser: Initialiser
  ) throws(TorchError) {
    let outputs = width * kind.expansion
    switch kind {
    case .basic:
      residual = Sequential([
        try Conv2d("\(name).conv1", inputs, width, kernel: 3, stride: .all(stride), initialiser),
        try BatchNorm("\(name).bn1", width), Activation.relu,
        try Conv2d("\(name).conv2", width, outputs, kernel: 3, initialiser), try BatchNorm("\(name).bn2", outputs),
      ])
    case .bottleneck:
      residual = Sequential([
        try Conv2d("\(name).conv1", inputs, width, kernel: 1, initialiser),
        try BatchNorm("\(name).bn1", width), Activation.relu,
        try Conv2d("\(name).conv2", width, width, kernel: 3, stride: .all(stride), initialiser),
        try BatchNorm("\(name).bn2", width), Activation.relu,
        try Conv2d("\(name).conv3", width, outputs, kernel: 1, initialiser), try BatchNorm("\(name).bn3", outputs),
      ])
    }
    projection =
      stride == 1 && inputs == outputs
      ? nil
      : Sequential([
        try Conv2d("\(name).downsample.0", inputs, outputs, kernel: 1, stride: .all(stride), initialiser),
        try BatchNorm("\(name).downsample.1", outputs),
      ])
  }

  var tensors: [NamedTensor] { residual.tensors + (projection?.tensors ?? []) }

  func callAsFunction(_ input: Tensor, training: Bool) throws(TorchError) -> Tensor {
    let shortcut = try projection?(input, training: training) ?? input
    return try Activation.relu(residual(input, training: training) + shortcut, training: training)
  }
}
