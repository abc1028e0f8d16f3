import Dispatch
import Foundation
import Study
import Torch
import Support

/// Where a fold's training stands after its last whole epoch, in one safetensors file: what is trained, and the optimiser.
///
/// Order, flips and dropout of an epoch follow from seed, fold and epoch alone, so that training goes on with the same bits.
/// The disk takes its time to have some 270 MB for sure, so the next epoch does not wait for it: until then the former
/// checkpoint stands in its place.
final class FoldCheckpoint {
  private let url: URL
  /// The fold, from 0.
  private let fold: Int
  private let disk = DispatchQueue(label: "checkpoint")
  /// The checkpoint that is on its way to the disk.
  private var pending: Background<Void>?

  init(url: URL, fold: Int) {
    self.url = url
    self.fold = fold
  }

  private static func position(_ metadata: [String: String]) -> (fold: Int, epoch: Int)? {
    guard let fold = metadata["fold"].flatMap({ Int($0) }), let epoch = metadata["epoch"].flatMap({ Int($0) })
    else { return nil }
    return (fold, epoch)
  }

  /// Takes network and optimiser back to the checkpoint of this fold.
  ///
  /// - Returns: the number of epochs that are done; 0, with nothing changed, where there is no checkpoint of this fold.
  /// - Throws: `TrainingError` where there is one that is damaged: a kill leaves it whole, or not there.
  func restore(_ network: any TrainedNetwork, _ optimiser: Adam) throws -> Int {
    guard let (tensors, position) = try read(), position.fold == fold else { return 0 }
    try network.loadTrainedPart(Self.part("network.", of: tensors))
    try optimiser.load(Self.part("optimiser.", of: tensors))
    return position.epoch
  }

  /// What the file holds; nil where there is none.
  func read() throws -> (tensors: [String: Tensor], position: (fold: Int, epoch: Int))? {
    guard FileManager.default.fileExists(atPath: url.path) else { return nil }
    let advice = "Remove it, and the fold is trained again from its first epoch"
    do {
      let (tensors, metadata) = try SafeTensors.read(url)
      if let position = Self.position(metadata) { return (tensors, position) }
    } catch {
      throw TrainingError("the checkpoint \(url.path) is damaged: \(error). \(advice)")
    }
    throw TrainingError("the checkpoint \(url.path) does not state its fold and epoch. \(advice)")
  }

  /// Replaces the checkpoint by the state after `epoch`.
  ///
  /// - Throws: `CheckpointError` where this checkpoint could not be written, `StudyError` where the former one could not.
  func save(_ network: any TrainedNetwork, _ optimiser: Adam, epoch: Int) throws {
    try settle()
    var tensors: [String: Tensor] = [:]
    for (name, tensor) in network.trainedState { tensors["network.\(name)"] = tensor }
    for (name, tensor) in optimiser.state { tensors["optimiser.\(name)"] = tensor }
    let staged = try SafeTensors.stage(tensors, metadata: ["fold": "\(fold)", "epoch": "\(epoch)"], for: url)
    pending = Background(on: disk) { try staged.finish() }
  }

  /// Waits until the last checkpoint that was saved is on the disk.
  func settle() throws {
    defer { pending = nil }
    try pending?.value()
  }

  private static func part(_ prefix: String, of tensors: [String: Tensor]) -> [String: Tensor] {
    Dictionary(
      uniqueKeysWithValues: tensors.filter { $0.key.hasPrefix(prefix) }.map {
        (String($0.key.dropFirst(prefix.count)), $0.value)
      })
  }
}
