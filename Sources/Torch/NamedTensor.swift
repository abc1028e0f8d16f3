import Support

/// A tensor with a place in a network: a parameter or a buffer under its name in the file of weights.
///
/// Not `Sendable`: a network is trained and used by one thread at a time, and the compiler sees to it.
public final class NamedTensor {
  /// What a tensor is for.
  public enum Role: Sendable {
    /// Learnt by the optimiser.
    case parameter
    /// Kept up by the network itself: the running statistics of a batch normalisation.
    case buffer
  }

  /// The full name, such as `layer1.0.conv1.weight`.
  public let name: String
  /// What the tensor is for.
  public let role: Role
  /// The elements; float32.
  public private(set) var tensor: Tensor

  init(_ name: String, _ tensor: Tensor, role: Role = .parameter) {
    self.name = name
    self.role = role
    self.tensor = tensor
  }

  /// Moves the tensor to a device and, where it is a convolution's, into a memory format; it stays a leaf.
  public func move(to device: Device, format: MemoryFormat = .keep) throws(TorchError) {
    let recorded = tensor.requiresGradient
    let before = tensor
    tensor = try withoutGradient { () throws(TorchError) in
      let moved = try before.to(device)
      return moved.shape.count >= 4 ? try moved.to(format) : moved
    }
    try tensor.setRequiresGradient(recorded)
  }
}

/// Gives a network its first weights: drawn by one seed, each depending on its name alone, or given.
public struct Initialiser: Sendable {
  private enum Source: Sendable {
    case seed(UInt64)
    case given(@Sendable (_ name: String, _ shape: [Int]) throws(TorchError) -> Tensor)
  }

  private let source: Source

  /// Draws from a seed.
  public init(seed: UInt64) { source = .seed(seed) }

  private init(_ source: Source) { self.source = source }

  /// Takes the weights of convolutions and fully connected layers from `given`, by name and shape, as they are.
  ///
  /// What a normalisation needs is to be loaded afterwards.
  public static func taking(
    _ given: @escaping @Sendable (_ name: String, _ shape: [Int]) throws(TorchError) -> Tensor
  ) -> Initialiser {
    Initialiser(.given(given))
  }

  /// Normal numbers of the given standard deviation.
  func normal(_ name: String, _ shape: [Int], deviation: Double) throws(TorchError) -> Tensor {
    switch source {
    case .seed(let seed): try Tensor.normal(shape, seed: Self.seed(seed, for: name)) * deviation
    case .given(let given): try given(name, shape)
    }
  }

  /// Numbers drawn evenly from -bound to bound.
  func uniform(_ name: String, _ shape: [Int], bound: Double) throws(TorchError) -> Tensor {
    switch source {
    case .seed(let seed): try (Tensor.uniform(shape, seed: Self.seed(seed, for: name)) * (2 * bound)) - bound
    case .given(let given): try given(name, shape)
    }
  }

  /// FNV-1a of the name, stirred into the seed by SplitMix64's finaliser.
  static func seed(_ seed: UInt64, for name: String) -> UInt64 {
    let hash = name.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
    return SplitMix64.mix(hash &+ seed &* SplitMix64.increment)
  }
}
