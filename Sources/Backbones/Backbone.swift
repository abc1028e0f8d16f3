public import Torch

/// A network for images or volumes: stages from input to features and a classifier, cut into a frozen and a trained part.
///
/// Input is N x C x H x W or N x C x D x H x W, prepared as `preprocessing` says; output is N x classes logits. Not `Sendable`: one thread at
/// a time uses a network.
public final class Backbone {
  /// The name, such as `resnet50`.
  public var name: String { architecture.name }
  /// What the published weights expect of their input.
  public var preprocessing: Preprocessing { architecture.preprocessing }
  /// The number of classes.
  public let classes: Int
  /// The names of the stages in order; the classifier on top of them is none.
  public var stages: [String] { parts.stages.map(\.name) }
  /// The last frozen stage; nil where everything is trained.
  public var frozenThrough: String? { frozenCount == 0 ? nil : parts.stages[frozenCount - 1].name }

  private let architecture: Architecture
  let parts: Architecture.Parts
  private let tensors: [NamedTensor]
  private var frozenCount = 0

  /// The names of all backbones.
  public static var names: [String] { Architecture.all.map(\.name) }

  /// Makes a network with fresh weights, which `seed` decides, and nothing frozen.
  ///
  /// - Throws: `BackboneError` that lists the names, for one that is not among them; `TorchError`.
  public static func make(_ name: String, classes: Int, seed: UInt64) throws -> Backbone {
    guard classes > 0 else { throw BackboneError("A network must have at least 1 class, found \(classes).") }
    return try Backbone(Architecture.named(name), classes, Initialiser(seed: seed))
  }

  private init(_ architecture: Architecture, _ classes: Int, _ initialiser: Initialiser) throws {
    self.architecture = architecture
    self.classes = classes
    parts = try architecture.build(classes, initialiser)
    tensors = parts.stages.flatMap(\.layer.tensors) + parts.classifier.tensors
    try freeze(through: nil)
  }

  // MARK: The cut

  /// Freezes the stages up to and including the given one; nil freezes none.
  ///
  /// Frozen stages get no gradients, and their batch normalisations always use the stored statistics.
  ///
  /// - Throws: `BackboneError` that lists the stages, for one that does not exist.
  public func freeze(through stage: String?) throws {
    if let stage {
      guard let index = stages.firstIndex(of: stage) else {
        throw BackboneError(
          "\(name) has no stage \(stage) to freeze through; its stages are \(stages.joined(separator: ", ")).")
      }
      frozenCount = index + 1
    } else {
      frozenCount = 0
    }
    let trained = Set(trainedTensors.map(\.name))
    for entry in tensors where entry.role == .parameter {
      try entry.tensor.setRequiresGradient(trained.contains(entry.name))
      try entry.tensor.clearGradient()
    }
  }

  /// The output of the frozen stages, which is a constant of each input, without a gradient.
  ///
  /// Where nothing is frozen it is the input itself.
  /// - Throws: `TorchError` where the input has other dimensions or channels, or is smaller, than the network takes.
  public func frozenPart(_ input: Tensor) throws(TorchError) -> Tensor {
    guard preprocessing.fits(input.shape) else {
      throw TorchError("\(name) takes \(preprocessing.inputDescription), found shape \(input.shape)")
    }
    let frozen = parts.stages.prefix(frozenCount)
    return try withoutGradient { () throws(TorchError) in
      var output = input
      for stage in frozen { output = try stage.layer(output, training: false) }
      return output
    }
  }

  /// From what `frozenPart` gives to logits, N x classes.
  public func trainedPart(_ features: Tensor, training: Bool) throws(TorchError) -> Tensor {
    try parts.classifier(trainedStages(features, training: training), training: training)
  }

  /// From what `frozenPart` gives to the last stage's output, N x C x H x W.
  func trainedStages(_ features: Tensor, training: Bool) throws(TorchError) -> Tensor {
    var output = features
    for layer in trainedLayers { output = try layer(output, training: training) }
    return output
  }

  /// From images to logits, N x classes.
  public func callAsFunction(_ input: Tensor, training: Bool) throws(TorchError) -> Tensor {
    try trainedPart(frozenPart(input), training: training)
  }

  // MARK: Weights

  /// The tensors of the frozen stages.
  public var frozenTensors: [NamedTensor] { parts.stages.prefix(frozenCount).flatMap(\.layer.tensors) }

  /// The trained stages.
  var trainedLayers: [any Layer] { parts.stages.dropFirst(frozenCount).map(\.layer) }

  private var trainedTensors: [NamedTensor] {
    trainedLayers.flatMap(\.tensors) + parts.classifier.tensors
  }

  /// The parameters that are trained, with their names, for the optimiser.
  public var trainedParameters: [(name: String, tensor: Tensor)] {
    trainedTensors.filter { $0.role == .parameter }.map { ($0.name, $0.tensor) }
  }

  /// The number of trained parameters, counted one by one.
  public var trainedParameterCount: Int { trainedParameters.reduce(0) { $0 + $1.tensor.count } }

  /// The live parameters and running statistics under their published names; `Tensor.copied()` keeps them.
  public var state: [String: Tensor] { Self.byName(tensors) }

  /// What of `state` training changes.
  public var trainedState: [String: Tensor] { Self.byName(trainedTensors) }

  /// What of `state` belongs to the classifier.
  public var headState: [String: Tensor] { Self.byName(parts.classifier.tensors) }

  static func byName(_ tensors: [NamedTensor]) -> [String: Tensor] {
    Dictionary(tensors.map { ($0.name, $0.tensor) }) { first, _ in first }
  }

  /// Overwrites parameters and running statistics by `weights`, converting type, device and memory format.
  ///
  /// `num_batches_tracked` is ignored, and so is what the architecture's `published` lists; kernels of images are inflated where
  /// the network has those of volumes. Where `replacingHead`, the classifier is neither read nor changed.
  ///
  /// - Throws: `BackboneError` that names what is missing, has another shape, or belongs to no part of the network;
  ///   nothing is changed then.
  public func load(_ weights: [String: Tensor], replacingHead: Bool) throws {
    let head = Set(parts.classifier.tensors.map(\.name))
    let matched = try architecture.published.matched(weights, to: tensors)
    try overwrite(tensors.filter { !(replacingHead && head.contains($0.name)) }, by: matched)
  }

  /// Overwrites what training changes by a former `trainedState`, and leaves the frozen stages alone.
  ///
  /// - Throws: as `load` does; nothing is changed then.
  public func loadTrainedPart(_ weights: [String: Tensor]) throws { try overwrite(trainedTensors, by: weights) }

  /// Overwrites the classifier by a former `headState`, and leaves the stages alone.
  ///
  /// - Throws: as `load` does; nothing is changed then.
  public func loadHead(_ weights: [String: Tensor]) throws { try overwrite(parts.classifier.tensors, by: weights) }

  /// Overwrites `wanted` by `weights`, which may name the tensors of `all` only; nil for the backbone's own.
  ///
  /// - Throws: as `load` does; nothing is changed then.
  func overwrite(_ wanted: [NamedTensor], by weights: [String: Tensor], of all: [NamedTensor]? = nil) throws {
    try check(weights, fit: wanted, of: all ?? tensors)
    for entry in wanted {
      if let weight = weights[entry.name] { try entry.tensor.copy(from: weight) }
    }
  }

  private func check(
    _ weights: [String: Tensor], fit wanted: [NamedTensor], of all: [NamedTensor]
  ) throws(BackboneError) {
    let head = Set(parts.classifier.tensors.map(\.name))
    var problems: [String] = []
    for entry in wanted {
      guard let weight = weights[entry.name] else {
        problems.append("\(entry.name) is missing")
        continue
      }
      if weight.shape != entry.tensor.shape {
        let hint = head.contains(entry.name) ? " (replace the head for another number of classes)" : ""
        problems.append("\(entry.name): expected shape \(entry.tensor.shape), found \(weight.shape)\(hint)")
      }
    }
    let known = Set(all.map(\.name))
    for key in weights.keys.sorted() where !known.contains(key) && !key.hasSuffix("num_batches_tracked") {
      problems.append("\(key) belongs to no part of the network")
    }
    guard !problems.isEmpty else { return }
    let rest = problems.count > 5 ? "; and \(problems.count - 5) more" : ""
    throw BackboneError("The weights are not those of \(name): \(problems.prefix(5).joined(separator: "; "))\(rest).")
  }

  /// Moves parameters and statistics to a device and the convolutions into a memory format; they stay float32.
  ///
  /// Make the optimiser after this: it holds on to the tensors of its time.
  public func move(to device: Device, format: MemoryFormat = .keep) throws(TorchError) {
    for entry in tensors { try entry.move(to: device, format: format) }
  }
}
