internal import Torch

// Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", CVPR 2016, arXiv:1512.00567. Names and details
// as in torchvision, without the auxiliary classifier, which only training of all stages used.

extension Architecture {
  /// Inception-v3; its stages are the stem and the eleven mixed blocks.
  ///
  /// Fresh weights are torchvision's: normal with a deviation of 0.1 (it cuts them off at 20 deviations).
  static let inceptionV3 = Architecture(
    name: "inception_v3", preprocessing: .inception(size: 299, smallest: 75),
    published: PublishedFile(ignored: ["AuxLogits."])
  ) { (classes, initialiser) throws(TorchError) in
    let unit = ConvolutionUnit(deviation: 0.1, initialiser: initialiser)
    let stem = Sequential([
      try unit("Conv2d_1a_3x3", 3, 32, kernel: 3, stride: 2, padding: .none),
      try unit("Conv2d_2a_3x3", 32, 32, kernel: 3, padding: .none), try unit("Conv2d_2b_3x3", 32, 64, kernel: 3),
      Pool.maximum(kernel: 3, stride: 2), try unit("Conv2d_3b_1x1", 64, 80, kernel: 1),
      try unit("Conv2d_4a_3x3", 80, 192, kernel: 3, padding: .none), Pool.maximum(kernel: 3, stride: 2),
    ])
    let stages: [(name: String, layer: any Layer)] = [
      ("stem", stem), ("Mixed_5b", try unit.mixedFive("Mixed_5b", 192, pooled: 32)),
      ("Mixed_5c", try unit.mixedFive("Mixed_5c", 256, pooled: 64)),
      ("Mixed_5d", try unit.mixedFive("Mixed_5d", 288, pooled: 64)),
      ("Mixed_6a", try unit.reductionSix("Mixed_6a", 288)),
      ("Mixed_6b", try unit.mixedSix("Mixed_6b", 768, width: 128)),
      ("Mixed_6c", try unit.mixedSix("Mixed_6c", 768, width: 160)),
      ("Mixed_6d", try unit.mixedSix("Mixed_6d", 768, width: 160)),
      ("Mixed_6e", try unit.mixedSix("Mixed_6e", 768, width: 192)),
      ("Mixed_7a", try unit.reductionSeven("Mixed_7a", 768)),
      ("Mixed_7b", try unit.mixedSeven("Mixed_7b", 1280)), ("Mixed_7c", try unit.mixedSeven("Mixed_7c", 2048)),
    ]
    let classifier = Sequential([
      GlobalAveragePool(), Dropout(0.5), try Linear("fc", 2048, classes, deviation: 0.1, initialiser),
    ])
    return Parts(stages: stages, classifier: classifier)
  }
}

/// Makes the unit of both Inception networks: a convolution, its normalisation (epsilon 0.001), and a ReLU.
struct ConvolutionUnit {
  /// The standard deviation of fresh weights.
  let deviation: Double
  let initialiser: Initialiser

  func callAsFunction(
    _ name: String, _ inputs: Int, _ outputs: Int, kernel: PerAxis, stride: PerAxis = 1, padding: Padding = .half
  ) throws(TorchError) -> Sequential {
    Sequential([
      try Conv2d(
        "\(name).conv", inputs, outputs, kernel: kernel, stride: stride, padding: padding, deviation: deviation,
        initialiser),
      try BatchNorm("\(name).bn", outputs, epsilon: 1e-3), Activation.relu,
    ])
  }
}

extension ConvolutionUnit {
  /// Figure 5 of the paper, the second 5 x 5 kernel as two of 3 x 3.
  fileprivate func mixedFive(_ name: String, _ inputs: Int, pooled: Int) throws(TorchError) -> Branches {
    Branches([
      try self("\(name).branch1x1", inputs, 64, kernel: 1),
      Sequential([
        try self("\(name).branch5x5_1", inputs, 48, kernel: 1), try self("\(name).branch5x5_2", 48, 64, kernel: 5),
      ]),
      Sequential([
        try self("\(name).branch3x3dbl_1", inputs, 64, kernel: 1),
        try self("\(name).branch3x3dbl_2", 64, 96, kernel: 3),
        try self("\(name).branch3x3dbl_3", 96, 96, kernel: 3),
      ]),
      try pooling(name, inputs, pooled),
    ])
  }

  /// Figure 10: from 35 x 35 to 17 x 17.
  fileprivate func reductionSix(_ name: String, _ inputs: Int) throws(TorchError) -> Branches {
    Branches([
      try self("\(name).branch3x3", inputs, 384, kernel: 3, stride: 2, padding: .none),
      Sequential([
        try self("\(name).branch3x3dbl_1", inputs, 64, kernel: 1),
        try self("\(name).branch3x3dbl_2", 64, 96, kernel: 3),
        try self("\(name).branch3x3dbl_3", 96, 96, kernel: 3, stride: 2, padding: .none),
      ]),
      Pool.maximum(kernel: 3, stride: 2),
    ])
  }

  /// Figure 6: 7 x 7 kernels as 1 x 7 and 7 x 1.
  fileprivate func mixedSix(_ name: String, _ inputs: Int, width: Int) throws(TorchError) -> Branches {
    Branches([
      try self("\(name).branch1x1", inputs, 192, kernel: 1),
      Sequential([
        try self("\(name).branch7x7_1", inputs, width, kernel: 1),
        try self("\(name).branch7x7_2", width, width, kernel: [1, 7]),
        try self("\(name).branch7x7_3", width, 192, kernel: [7, 1]),
      ]),
      Sequential([
        try self("\(name).branch7x7dbl_1", inputs, width, kernel: 1),
        try self("\(name).branch7x7dbl_2", width, width, kernel: [7, 1]),
        try self("\(name).branch7x7dbl_3", width, width, kernel: [1, 7]),
        try self("\(name).branch7x7dbl_4", width, width, kernel: [7, 1]),
        try self("\(name).branch7x7dbl_5", width, 192, kernel: [1, 7]),
      ]),
      try pooling(name, inputs, 192),
    ])
  }

  /// From 17 x 17 to 8 x 8.
  fileprivate func reductionSeven(_ name: String, _ inputs: Int) throws(TorchError) -> Branches {
    Branches([
      Sequential([
        try self("\(name).branch3x3_1", inputs, 192, kernel: 1),
        try self("\(name).branch3x3_2", 192, 320, kernel: 3, stride: 2, padding: .none),
      ]),
      Sequential([
        try self("\(name).branch7x7x3_1", inputs, 192, kernel: 1),
        try self("\(name).branch7x7x3_2", 192, 192, kernel: [1, 7]),
        try self("\(name).branch7x7x3_3", 192, 192, kernel: [7, 1]),
        try self("\(name).branch7x7x3_4", 192, 192, kernel: 3, stride: 2, padding: .none),
      ]),
      Pool.maximum(kernel: 3, stride: 2),
    ])
  }

  /// Figure 7: 3 x 3 kernels as 1 x 3 beside 3 x 1.
  fileprivate func mixedSeven(_ name: String, _ inputs: Int) throws(TorchError) -> Branches {
    func beside(_ branch: String, _ suffixes: (String, String)) throws(TorchError) -> Branches {
      Branches([
        try self("\(name).\(branch)_\(suffixes.0)", 384, 384, kernel: [1, 3]),
        try self("\(name).\(branch)_\(suffixes.1)", 384, 384, kernel: [3, 1]),
      ])
    }
    return Branches([
      try self("\(name).branch1x1", inputs, 320, kernel: 1),
      Sequential([
        try self("\(name).branch3x3_1", inputs, 384, kernel: 1), try beside("branch3x3", ("2a", "2b")),
      ]),
      Sequential([
        try self("\(name).branch3x3dbl_1", inputs, 448, kernel: 1),
        try self("\(name).branch3x3dbl_2", 448, 384, kernel: 3), try beside("branch3x3dbl", ("3a", "3b")),
      ]),
      try pooling(name, inputs, 192),
    ])
  }

  private func pooling(_ name: String, _ inputs: Int, _ outputs: Int) throws(TorchError) -> Sequential {
    Sequential([
      Pool.mean(kernel: 3, stride: 1, padding: 1), try self("\(name).branch_pool", inputs, outputs, kernel: 1),
    ])
  }
}
