public import Torch

/// How a backbone's published file of weights is told from the network itself: what it is named by, and what it holds besides.
public struct PublishedFile: Sendable, Equatable {
  /// The backbone whose files these are, where it is another one: a network of volumes may start from one of images.
  public let backbone: String?
  /// The number of classes of its classifier; nil where it has none that the network has.
  public let classes: Int?
  /// What stands before every name, such as `module.`.
  public let prefix: String
  /// The starts of the names of parts that the network does not have, such as a second classifier for training.
  public let ignored: [String]

  /// Describes a file.
  public init(backbone: String? = nil, classes: Int? = 1000, prefix: String = "", ignored: [String] = []) {
    self.backbone = backbone
    self.classes = classes
    self.prefix = prefix
    self.ignored = ignored
  }

  /// The tensors of a file under the network's names and, where it has kernels of volumes for those of images, inflated.
  ///
  /// The network's own tensors stay as they are. What does not fit stays too, for the caller to name.
  func matched(_ weights: [String: Tensor], to wanted: [NamedTensor]) throws(TorchError) -> [String: Tensor] {
    let shapes = Dictionary(wanted.map { ($0.name, $0.tensor.shape) }) { first, _ in first }
    var result: [String: Tensor] = [:]
    for (key, tensor) in weights {
      let name = key.hasPrefix(prefix) ? String(key.dropFirst(prefix.count)) : key
      if ignored.contains(where: name.hasPrefix) { continue }
      result[name] = try shapes[name].map { (shape) throws(TorchError) in try tensor.inflated(to: shape) } ?? tensor
    }
    return result
  }
}

extension Tensor {
  /// A kernel of images as one of volumes; itself where the shape wants none of that.
  func inflated(to wanted: [Int]) throws(TorchError) -> Tensor {
    let own = shape
    guard own.count == 4, wanted.count == 5, wanted[2] % 2 == 1, own[..<2] == wanted[..<2], own[2...] == wanted[3...]
    else { return self }
    return try inMiddleSlice(of: wanted[2])
  }
}
