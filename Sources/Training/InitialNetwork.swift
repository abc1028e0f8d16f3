public import Backbones
public import Foundation
public import Study
import Support
import Torch

/// The network that is trained, as the protocol asks for it or, where it allows that, its substitute.
///
/// There is one network in memory, however many folds: `reset()` takes it back to where every fold starts from.
public struct InitialNetwork {
  /// The backbone, frozen as the protocol says.
  public let network: Backbone
  /// The backbone's name in the registry.
  public let backbone: String
  /// The last frozen stage; nil where all is trained.
  public let frozenThrough: String?
  /// SHA-256 of the weights' file; nil where training starts from scratch.
  public let weightsHash: String?
  /// The backbone that the protocol asks for, where its substitute is trained instead; nil elsewhere.
  public let replaced: String?
  /// Sentences on what differs from what the protocol asks.
  public let notes: [String]
  private let file: URL?
  private let stamp: FileStamp?
  private let seed: UInt64
  /// The classifier's fresh weights, which no file has.
  private let head: [String: Tensor]

  /// Makes the network and loads its weights.
  ///
  /// `weightsFile` holds the weights of the protocol's backbone in any layout that `Checkpoint` reads; nil looks in `store`,
  /// where downloaded weights lie. `seed` decides the fresh weights.
  /// - Throws: `TrainingError` where ImageNet weights are asked for, are not there, and no substitute is stated.
  public init(
    _ settings: StudyProtocol.Network, classes: Int = 2, seed: UInt64, weightsFile: URL?, store: WeightsStore
  ) throws {
    guard settings.initialisation == .imagenet else {
      guard weightsFile == nil else {
        throw TrainingError(
          "a file of weights was given, but the protocol trains from scratch; remove --weights, or set "
            + "network.initialisation to imagenet")
      }
      try self.init(settings.backbone, classes, frozenThrough: nil, file: nil, seed: seed, notes: [])
      return
    }
    if let file = try weightsFile ?? store.verifiedFile(for: settings.backbone) {
      try self.init(
        settings.backbone, classes, frozenThrough: settings.frozenThrough, file: file, seed: seed, notes: [])
      return
    }
    let missing = "the ImageNet weights of \(settings.backbone) are not on this machine"
    let remedy = "`renalgrade weights get \(settings.backbone)` downloads them; `--weights FILE` uses your own file"
    guard let substitute = settings.substitute else {
      throw TrainingError("\(missing): \(remedy)")
    }
    guard let file = try store.verifiedFile(for: substitute.backbone) else {
      throw TrainingError("\(missing), and neither are those of its substitute \(substitute.backbone): \(remedy)")
    }
    try self.init(
      substitute.backbone, classes, frozenThrough: substitute.frozenThrough, file: file, seed: seed,
      replacing: settings.backbone,
      notes: [
        "The protocol asks for \(settings.backbone), but \(missing); \(substitute.backbone) with its own ImageNet weights was "
          + "trained instead, so these results are not \(settings.backbone)'s. To use it: \(remedy)."
      ])
  }

  /// A network whose weights a checkpoint will overwrite, all of them.
  init(kept network: KeptBackbone, classes: Int, seed: UInt64) throws {
    try self.init(network.backbone, classes, frozenThrough: network.frozenThrough, file: nil, seed: seed, notes: [])
  }

  private init(
    _ backbone: String, _ classes: Int, frozenThrough: String?, file: URL?, seed: UInt64,
    replacing replaced: String? = nil,
    notes: [String]
  ) throws {
    network = try Backbone.make(backbone, classes: classes, seed: seed)
    head = try network.headState.mapValues { try $0.copied() }
    if let file { try network.load(try Checkpoint.read(file), replacingHead: true) }
    stamp = try file.map(FileStamp.init)
    weightsHash = try file.map(Self.hash)
    try network.freeze(through: frozenThrough)
    self.backbone = backbone
    self.frozenThrough = frozenThrough
    self.replaced = replaced
    self.notes = notes
    self.file = file
    self.seed = seed
  }

  /// Takes what training has changed back to the starting weights, wherever the network lies by now.
  ///
  /// - Throws: `TrainingError` where the weights' file is another one by now.
  func reset() throws {
    guard let file else {
      try network.load(Backbone.make(backbone, classes: network.classes, seed: seed).state, replacingHead: false)
      return
    }
    guard try FileStamp(file) == stamp || Self.hash(file) == weightsHash else {
      throw TrainingError("the file of weights has changed since the run began; restore the previous one and run again")
    }
    try network.load(try Checkpoint.read(file), replacingHead: true)
    try network.loadHead(head)
  }

  private static func hash(_ file: URL) throws -> String {
    try Data(contentsOf: file, options: .alwaysMapped).sha256
  }
}

extension InitialNetwork {
  /// The network by the options of its learner.
  init(_ settings: StudyProtocol.Network, classes: Int, seed: UInt64, _ options: NetworkLearner.Options) throws {
    try self.init(
      settings, classes: classes, seed: seed, weightsFile: options.weightsFile, store: options.store)
  }
}

/// What tells without reading it that a file has not been written to.
private struct FileStamp: Equatable {
  let size: Int
  let modified: Date
  let number: Int

  init(_ url: URL) throws {
    let attributes = try FileManager.default.attributesOfItem(atPath: url.path)
    size = attributes[.size] as? Int ?? 0
    modified = attributes[.modificationDate] as? Date ?? .distantPast
    number = attributes[.systemFileNumber] as? Int ?? 0
  }
}

extension WeightsStore {
  /// The preferred file of a backbone that is on this machine and as it was published; nil where there is none.
  ///
  /// - Throws: `WeightsError` where the file is there and damaged: another network must not take its place in silence.
  func verifiedFile(for backbone: String) throws(WeightsError) -> URL? {
    for entry in WeightsCatalogue.entries(for: backbone) where find(entry) != nil { return try verify(entry) }
    return nil
  }
}
