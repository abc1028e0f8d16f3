internal import Torch

// A ResNet of images that looks at volumes: the frozen stages see slice by slice, and the kernels of the trained ones become
// three-dimensional with the image's weights in the middle slice and zeros beside it, so that at first each slice's response is
// what it was. Slices are never merged before the last mean.
//
// Inflation: Carreira and Zisserman, "Quo Vadis, Action Recognition?", CVPR 2017, arXiv:1705.07750, who repeat the kernel in
// every slice; in the middle slice alone: Girdhar et al., "Detect-and-Track", CVPR 2018, arXiv:1712.09184.

extension Architecture {
  /// ResNet-18 with layer3 and layer4 inflated.
  static let inflatedResNet18 = inflatedResNet("resnet18-inflated", of: "resnet18", .basic, [2, 2, 2, 2])
  /// ResNet-50 with layer3 and layer4 inflated: its first stages are the paper's frozen ones, and so are their stored outputs.
  static let inflatedResNet50 = inflatedResNet("resnet50-inflated", of: "resnet50", .bottleneck, [3, 4, 6, 3])

  private static func inflatedResNet(
    _ name: String, of images: String, _ kind: ResidualBlock.Kind, _ blocks: [Int]
  ) -> Architecture {
    Architecture(
      name: name, preprocessing: .imageNetSlices, published: PublishedFile(backbone: images)
    ) { (classes, initialiser) throws(TorchError) in
      var stages: [(name: String, layer: any Layer)] = [("stem", SliceBySlice(try imageStem(initialiser)))]
      var channels = 64
      for (index, count) in blocks.enumerated() {
        let (name, width, stride) = ("layer\(index + 1)", 64 << index, index > 0 ? 2 : 1)
        if index < 2 {
          let stage = ResidualStage<ImageAxes>(name: name, kind: kind, blocks: count, width: width, stride: stride)
          stages.append((name, SliceBySlice(try stage.layer(&channels, initialiser))))
        } else {
          let stage = ResidualStage<VolumeAxes>(
            name: name, kind: kind, blocks: count, width: width, stride: stride, keepsSlices: true)
          stages.append((name, try stage.layer(&channels, initialiser)))
        }
      }
      let classifier = Sequential([GlobalAveragePool(), try Linear("fc", channels, classes, initialiser)])
      return Parts(stages: stages, classifier: classifier)
    }
  }
}

/// A layer for images, applied to each slice of a volume.
struct SliceBySlice: Layer {
  private let layer: any Layer

  init(_ layer: any Layer) { self.layer = layer }

  var tensors: [NamedTensor] { layer.tensors }

  func callAsFunction(_ input: Tensor, training: Bool) throws(TorchError) -> Tensor {
    try layer(input.slicesAsImages(), training: training).imagesAsSlices(of: input.shape[2])
  }
}
