import Backbones
import Foundation
import Study
import Torch

/// Where a fold's training stands after its last whole epoch, in one safetensors file: weights, statistics and optimiser.
///
/// Order, flips and dropout of an epoch follow from seed, fold and epoch alone, so that training goes on with the same bits.
struct FoldCheckpoint {
  let url: URL
  /// The fold, from 0.
  let fold: Int

  /// The fold and the number of whole epochs that a file stands for; nil where there is none, or one that is damaged.
  static func position(in url: URL) -> (fold: Int, epoch: Int)? {
    (try? SafeTensors.read(url)).flatMap { position($0.metadata) }
  }

  private static func position(_ metadata: [String: String]) -> (fold: Int, epoch: Int)? {
    guard let fold = metadata["fold"].flatMap({ Int($0) }), let epoch = metadata["epoch"].flatMap({ Int($0) })
    else { return nil }
    return (fold, epoch)
  }

  /// Takes network and optimiser back to the checkpoint of this fold.
  ///
  /// - Returns: the number of epochs that are done; 0, with nothing changed, where there is no checkpoint of this fold.
  func restore(_ network: Backbone, _ optimiser: Adam) throws -> Int {
    guard let (tensors, metadata) = try? SafeTensors.read(url), let position = Self.position(metadata),
      position.fold == fold
    else { return 0 }
    try network.load(Self.part("network.", of: tensors), replacingHead: false)
    try optimiser.load(Self.part("optimiser.", of: tensors))
    return position.epoch
  }

  /// Replaces the checkpoint by the state after `epoch`.
  func save(_ network: Backbone, _ optimiser: Adam, epoch: Int) throws {
    var tensors: [String: Tensor] = [:]
    for (name, tensor) in network.state { tensors["network.\(name)"] = tensor }
    for (name, tensor) in optimiser.state { tensors["optimiser.\(name)"] = tensor }
    try SafeTensors.write(tensors, metadata: ["fold": "\(fold)", "epoch": "\(epoch)"], to: url)
  }

  private static func part(_ prefix: String, of tensors: [String: Tensor]) -> [String: Tensor] {
    Dictionary(
      uniqueKeysWithValues: tensors.filter { $0.key.hasPrefix(prefix) }.map {
        (String($0.key.dropFirst(prefix.count)), $0.value)
      })
  }
}
