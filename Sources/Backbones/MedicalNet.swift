internal import Torch

// Chen, Ma, Zheng, "Med3D: Transfer Learning for 3D Medical Image Analysis", arXiv:1904.00625: ResNets of grey volumes learnt
// by segmenting 23 data sets, published as MedicalNet (MIT). Their last two stages keep the size and widen their kernels
// instead (dilation 2 and 4). The files hold the stages under `module.`; where the segmentation was decoded (`conv_seg`) stands
// a mean and a classifier here.
//
// The 18 and 34 layers add inputs with channels of zeros where the shape changes. MedicalNet's code lets no gradient through
// there, which the paper does not state; here it passes.

extension Architecture {
  /// MedicalNet's ResNet-10.
  static let medicalNet10 = medicalNet(10, .basic, [1, 1, 1, 1], .projection)
  /// MedicalNet's ResNet-18.
  static let medicalNet18 = medicalNet(18, .basic, [2, 2, 2, 2], .zeroPadding)
  /// MedicalNet's ResNet-34.
  static let medicalNet34 = medicalNet(34, .basic, [3, 4, 6, 3], .zeroPadding)
  /// MedicalNet's ResNet-50.
  static let medicalNet50 = medicalNet(50, .bottleneck, [3, 4, 6, 3], .projection)

  private static func medicalNet(
    _ depth: Int, _ kind: ResidualBlock.Kind, _ blocks: [Int], _ shortcut: ResidualStage<VolumeAxes>.Shortcut
  ) -> Architecture {
    Architecture(
      name: "medicalnet-resnet\(depth)", preprocessing: .medicalNet,
      published: PublishedFile(classes: nil, prefix: "module.", ignored: ["conv_seg."])
    ) { (classes, initialiser) throws(TorchError) in
      let stem = Sequential([
        try Conv3d("conv1", 1, 64, kernel: 7, stride: 2, initialiser), try BatchNorm("bn1", 64), Activation.relu,
        Pool.maximum(kernel: 3, stride: 2, padding: 1),
      ])
      var stages: [(name: String, layer: any Layer)] = [("stem", stem)]
      var channels = 64
      for (index, count) in blocks.enumerated() {
        let stage = ResidualStage<VolumeAxes>(
          name: "layer\(index + 1)", kind: kind, blocks: count, width: 64 << index, stride: index == 1 ? 2 : 1,
          dilation: index < 2 ? 1 : 2 << (index - 2), shortcut: shortcut)
        stages.append((stage.name, try stage.layer(&channels, initialiser)))
      }
      let classifier = Sequential([GlobalAveragePool(), try Linear("fc", channels, classes, initialiser)])
      return Parts(stages: stages, classifier: classifier)
    }
  }
}
