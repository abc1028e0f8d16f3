public import Torch

/// A network for bags: each slice of a bag goes through a backbone, the slices' vectors are pooled, and the backbone's classifier
/// takes the pooled vector.
///
/// A bag's slices lie in groups, whose vectors are averaged first: with one slice in each, the slices are pooled; with the slices
/// of one phase in each, the phases are. A bag has as many groups as it has, so nothing stands for a phase that is missing.
/// Where the backbone takes volumes, a bag's volumes take the slices' place. Not `Sendable`: one thread at a time uses a network.
public final class BagNetwork {
  /// How the vectors of a bag's groups become one.
  public enum Pooling: String, CaseIterable, Sendable {
    /// Their mean.
    case mean
    /// Their mean weighted by gated attention, which is learnt.
    case attention
    /// Each phase's vector has a classifier of its own, and the logits of the phases that there are add up.
    ///
    /// It is one last layer on the vectors of all phases, joined, with zeros for a phase that is missing and a weight for its presence.
    /// So, unlike a mean, it can tell the phases apart, and take one from the other. The backbone's classifier has two outputs for
    /// each phase.
    case perPhase
  }

  /// The network that each slice goes through.
  public let backbone: Backbone
  /// How the vectors are pooled.
  public let pooling: Pooling
  private let attention: GatedAttention?
  private let initialAttention: [String: Tensor]

  /// Puts a pooling on a backbone, which must lie on its device already; `seed` decides the attention's fresh weights.
  public init(_ backbone: Backbone, _ pooling: Pooling, seed: UInt64) throws {
    self.backbone = backbone
    self.pooling = pooling
    attention =
      pooling == .attention
      ? try GatedAttention("attention", backbone.featureCount, Initialiser(seed: seed)) : nil
    for entry in attention?.tensors ?? [] {
      try entry.move(to: backbone.device)
      try entry.tensor.setRequiresGradient(true)
    }
    initialAttention = try Self.byName(attention).mapValues { try $0.copied() }
  }

  // MARK: From slices to logits

  /// From what the backbone's `frozenPart` gives for the slices of some bags, one bag after the other, to logits, bags x classes.
  ///
  /// - Parameters:
  ///   - features: slices x C x H x W.
  ///   - groups: by bag, the number of slices of each of its groups; each at least 1, and as many slices in all as `features` has.
  ///   - phases: by bag, the number of the phase of each of its groups; needed where pooling is per phase.
  ///   - training: the mode of normalisations and dropout.
  /// - Returns: the logits, one row for each bag.
  /// - Throws: `TorchError` where the groups do not fit the slices, or the phases the groups.
  public func logits(
    _ features: Tensor, groups: [[Int]], phases: [[Int]] = [], training: Bool
  ) throws(TorchError) -> Tensor {
    try logits(
      ofLastStage: backbone.trainedStages(features, training: training), groups: groups, phases: phases,
      training: training)
  }

  /// From the last stage's output for the slices of some bags to logits, bags x classes.
  func logits(
    ofLastStage output: Tensor, groups: [[Int]], phases: [[Int]], training: Bool
  ) throws(TorchError) -> Tensor {
    let vectors = try groupVectors(output, groups)
    if pooling == .perPhase { return try logits(ofVectors: vectors, groups, phases, training: training) }
    let scores = try attention?(vectors, training: training)
    var pooled: [Tensor] = []
    try Self.forEachBag(groups) { (start, count) throws(TorchError) in
      let bag = try vectors.narrowed(0, start: start, length: count)
      guard let scores else { return pooled.append(try bag.mean([0], keepingDimensions: true)) }
      let weights = try scores.narrowed(0, start: start, length: count).to(.float32).softmax(0)
      pooled.append(try (bag * weights).sum([0], keepingDimensions: true))
    }
    return try backbone.classified(.concatenate(pooled, along: 0), training: training)
  }

  /// The sum over each bag's groups of the logits by the classifier of the group's phase.
  private func logits(
    ofVectors vectors: Tensor, _ groups: [[Int]], _ phases: [[Int]], training: Bool
  ) throws(TorchError) -> Tensor {
    let (count, classes) = (backbone.classes / Self.classes, Self.classes)
    guard groups.map(\.count) == phases.map(\.count), phases.joined().allSatisfy((0..<count).contains) else {
      throw TorchError("phases \(phases) do not fit bags of \(groups) slices and classifiers of \(count) phases")
    }
    let isOwn = phases.joined().flatMap { phase in (0..<count).map { $0 == phase ? 1 : 0 as Float } }
    let mask = try Tensor(isOwn, shape: [vectors.shape[0], count, 1], device: vectors.device)
    let own = try (backbone.classified(vectors, training: training).reshaped([-1, count, classes]) * mask).sum([1])
    var sums: [Tensor] = []
    try Self.forEachBag(groups) { (start, count) throws(TorchError) in
      sums.append(try own.narrowed(0, start: start, length: count).sum([0], keepingDimensions: true))
    }
    return try .concatenate(sums, along: 0)
  }

  /// The classes that a classifier of one phase tells apart.
  private static let classes = 2

  /// The weights of each bag's groups, which add up to 1; without attention all the same.
  ///
  /// Parameters and errors are those of `logits`; the network is as it is in prediction.
  public func weights(_ features: Tensor, groups: [[Int]]) throws(TorchError) -> [[Double]] {
    guard let attention else { return groups.map { bag in bag.map { _ in 1 / Double(bag.count) } } }
    return try withoutGradient { () throws(TorchError) in
      let vectors = try groupVectors(backbone.trainedStages(features, training: false), groups)
      let scores = try attention(vectors, training: false).to(.float32)
      var weights: [[Double]] = []
      try Self.forEachBag(groups) { (start, count) throws(TorchError) in
        weights.append(try scores.narrowed(0, start: start, length: count).softmax(0).floats().map(Double.init))
      }
      return weights
    }
  }

  /// Where in the slices of some bags lies what speaks for a class, by each bag's logit: the maps of `Backbone.gradCAM`, one for each
  /// slice.
  ///
  /// - Parameters:
  ///   - images: the slices, N x 3 x H x W, one bag after the other.
  ///   - groups: by bag, the number of slices of each of its groups.
  ///   - phases: as for `logits`.
  ///   - index: the class, from 0.
  /// - Returns: the maps, N x (slices x) rows x columns, without a gradient.
  /// - Throws: `TorchError` where the groups do not fit the slices, or there is no such class.
  public func gradCAM(
    _ images: Tensor, groups: [[Int]], phases: [[Int]] = [], of index: Int
  ) throws(TorchError) -> Tensor {
    let output = try withoutGradient { () throws(TorchError) in try backbone.lastStage(of: images) }
    return try gradCAM(ofLastStage: output, groups: groups, phases: phases, of: index)
  }

  /// The same from the last stage's output.
  func gradCAM(
    ofLastStage output: Tensor, groups: [[Int]], phases: [[Int]], of index: Int
  ) throws(TorchError) -> Tensor {
    let tensors = backbone.parts.classifier.tensors + (attention?.tensors ?? [])
    return try backbone.gradCAM(ofLastStage: output, of: index, clearing: tensors) { (output) throws(TorchError) in
      try logits(ofLastStage: output, groups: groups, phases: phases, training: false)
    }
  }

  /// The mean vector of each group of slices, groups x channels, float32.
  private func groupVectors(_ output: Tensor, _ groups: [[Int]]) throws(TorchError) -> Tensor {
    let sizes = groups.joined()
    guard sizes.allSatisfy({ $0 > 0 }), groups.allSatisfy({ !$0.isEmpty }), sizes.reduce(0, +) == output.shape.first
    else {
      throw TorchError("bags of \(groups) slices cannot be made of an input of shape \(output.shape)")
    }
    let vectors = try backbone.vectors(output)
    guard sizes.contains(where: { $0 > 1 }) else { return vectors }
    var means: [Tensor] = []
    var start = 0
    for size in sizes {
      means.append(try vectors.narrowed(0, start: start, length: size).mean([0], keepingDimensions: true))
      start += size
    }
    return try .concatenate(means, along: 0)
  }

  private static func forEachBag(
    _ groups: [[Int]], _ body: (_ start: Int, _ count: Int) throws(TorchError) -> Void
  ) throws(TorchError) {
    var start = 0
    for bag in groups {
      try body(start, bag.count)
      start += bag.count
    }
  }

  // MARK: Weights

  private static func byName(_ attention: GatedAttention?) -> [String: Tensor] {
    Dictionary((attention?.tensors ?? []).map { ($0.name, $0.tensor) }) { first, _ in first }
  }

  private func withAttention(_ tensors: [String: Tensor]) -> [String: Tensor] {
    tensors.merging(Self.byName(attention)) { first, _ in first }
  }

  /// The parameters that are trained, with their names, for the optimiser.
  public var trainedParameters: [(name: String, tensor: Tensor)] {
    backbone.trainedParameters + (attention?.tensors ?? []).map { ($0.name, $0.tensor) }
  }

  /// The live parameters and running statistics, the backbone's under their published names.
  public var state: [String: Tensor] { withAttention(backbone.state) }

  /// What of `state` training changes.
  public var trainedState: [String: Tensor] { withAttention(backbone.trainedState) }

  /// Overwrites parameters and running statistics by a former `state`.
  ///
  /// - Throws: `BackboneError` that names what is missing, has another shape or belongs to no part of the network.
  public func load(_ weights: [String: Tensor]) throws {
    try backbone.load(loadingAttention(of: weights), replacingHead: false)
  }

  /// Overwrites what training changes by a former `trainedState`.
  ///
  /// - Throws: as `load` does.
  public func loadTrainedPart(_ weights: [String: Tensor]) throws {
    try backbone.loadTrainedPart(loadingAttention(of: weights))
  }

  /// Takes the attention back to its fresh weights; the backbone stays as it is.
  public func resetAttention() throws { _ = try loadingAttention(of: initialAttention) }

  /// Loads what belongs to the attention.
  ///
  /// - Returns: the rest.
  private func loadingAttention(of weights: [String: Tensor]) throws -> [String: Tensor] {
    let entries = attention?.tensors ?? []
    for entry in entries {
      guard let weight = weights[entry.name] else {
        throw BackboneError("The weights are not those of a network with attention: \(entry.name) is missing.")
      }
      guard weight.shape == entry.tensor.shape else {
        throw BackboneError(
          "The weights are not those of this network: \(entry.name): expected shape \(entry.tensor.shape), found "
            + "\(weight.shape).")
      }
    }
    var rest = weights
    for entry in entries {
      if let weight = rest.removeValue(forKey: entry.name) { try entry.tensor.copy(from: weight) }
    }
    return rest
  }
}
