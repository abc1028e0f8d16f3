internal import Torch

// Szegedy et al., "Going Deeper with Convolutions", CVPR 2015, arXiv:1409.4842, Table 1. Names and details as in torchvision:
// batch normalisation, 3 x 3 kernels where the paper has 5 x 5 (as the weights it was ported from), pools that reach over the
// border, and without the two auxiliary classifiers, which only training of all stages used.

extension Architecture {
  /// GoogLeNet, or Inception-v1; a pool belongs to the stage that it follows.
  ///
  /// Fresh weights are torchvision's: normal with a deviation of 0.01 (it cuts them off at 200 deviations).
  static let googLeNet = Architecture(
    name: "googlenet", preprocessing: .inception(size: 224, smallest: 15),
    published: PublishedFile(ignored: ["aux1.", "aux2."])
  ) { (classes, initialiser) throws(TorchError) in
    let unit = ConvolutionUnit(deviation: 0.01, initialiser: initialiser)
    func pool(_ size: Int) -> Pool { .maximum(kernel: .all(size), stride: 2, ceiling: true) }
    let stem = Sequential([
      try unit("conv1", 3, 64, kernel: 7, stride: 2), pool(3), try unit("conv2", 64, 64, kernel: 1),
      try unit("conv3", 64, 192, kernel: 3), pool(3),
    ])
    // 1 x 1; 3 x 3 reduced and whole; 5 x 5 reduced and whole; after the pool.
    let rows: [(name: String, widths: [Int], pool: Int?)] = [
      ("3a", [64, 96, 128, 16, 32, 32], nil), ("3b", [128, 128, 192, 32, 96, 64], 3),
      ("4a", [192, 96, 208, 16, 48, 64], nil), ("4b", [160, 112, 224, 24, 64, 64], nil),
      ("4c", [128, 128, 256, 24, 64, 64], nil), ("4d", [112, 144, 288, 32, 64, 64], nil),
      ("4e", [256, 160, 320, 32, 128, 128], 2), ("5a", [256, 160, 320, 32, 128, 128], nil),
      ("5b", [384, 192, 384, 48, 128, 128], nil),
    ]
    var stages: [(name: String, layer: any Layer)] = [("stem", stem)]
    var channels = 192
    for row in rows {
      let name = "inception\(row.name)"
      let block = try unit.inception(name, channels, row.widths)
      stages.append((name, row.pool.map { Sequential([block, pool($0)]) } ?? block))
      channels = row.widths[0] + row.widths[2] + row.widths[4] + row.widths[5]
    }
    let classifier = Sequential([
      GlobalAveragePool(), Dropout(0.2), try Linear("fc", channels, classes, deviation: 0.01, initialiser),
    ])
    return Parts(stages: stages, classifier: classifier)
  }
}

extension ConvolutionUnit {
  /// Figure 2b of the paper; the widths are a row of its table.
  fileprivate func inception(_ name: String, _ inputs: Int, _ widths: [Int]) throws(TorchError) -> any Layer {
    Branches([
      try self("\(name).branch1", inputs, widths[0], kernel: 1),
      Sequential([
        try self("\(name).branch2.0", inputs, widths[1], kernel: 1),
        try self("\(name).branch2.1", widths[1], widths[2], kernel: 3),
      ]),
      Sequential([
        try self("\(name).branch3.0", inputs, widths[3], kernel: 1),
        try self("\(name).branch3.1", widths[3], widths[4], kernel: 3),
      ]),
      Sequential([
        Pool.maximum(kernel: 3, stride: 1, padding: 1, ceiling: true),
        try self("\(name).branch4.1", inputs, widths[5], kernel: 1),
      ]),
    ])
  }
}
