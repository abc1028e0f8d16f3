/// The maximum or mean of each window of an image or volume.
public struct Pool: Layer {
  private enum Kind {
    case maximum
    case mean(countingPadding: Bool)
  }

  private let kind: Kind
  private let kernel: PerAxis
  private let stride: PerAxis
  private let padding: PerAxis
  private let ceiling: Bool

  /// The maximum of each window; with `ceiling` a last window may reach over the border, so that no element is left over.
  public static func maximum(
    kernel: PerAxis, stride: PerAxis, padding: PerAxis = 0, ceiling: Bool = false
  ) -> Pool {
    Pool(kind: .maximum, kernel: kernel, stride: stride, padding: padding, ceiling: ceiling)
  }

  /// The mean of each window; with `ceiling` a last window may reach over the border, so that no element is left over.
  ///
  /// With `countingPadding` the zeros of the border count, as they do in PyTorch unless it is told otherwise.
  public static func mean(
    kernel: PerAxis, stride: PerAxis, padding: PerAxis = 0, ceiling: Bool = false, countingPadding: Bool = true
  ) -> Pool {
    Pool(
      kind: .mean(countingPadding: countingPadding), kernel: kernel, stride: stride, padding: padding, ceiling: ceiling)
  }

  /// None.
  public var tensors: [NamedTensor] { [] }

  /// Pools.
  public func callAsFunction(_ input: Tensor, training: Bool) throws(TorchError) -> Tensor {
    switch kind {
    case .maximum: try input.maxPooled(kernel: kernel, stride: stride, padding: padding, ceiling: ceiling)
    case .mean(let counting):
      try input.averagePooled(
        kernel: kernel, stride: stride, padding: padding, ceiling: ceiling, countingPadding: counting)
    }
  }
}

/// The mean of each channel over all places of an image or volume, N x C.
public struct GlobalAveragePool: Layer {
  /// Makes the pooling.
  public init() {}

  /// None.
  public var tensors: [NamedTensor] { [] }

  /// Pools.
  public func callAsFunction(_ input: Tensor, training: Bool) throws(TorchError) -> Tensor {
    try input.averagePooledToOne().reshaped([input.shape[0], -1])
  }
}

/// Layers side by side on the same input, their outputs joined along the channels.
public struct Branches: Layer {
  private let branches: [any Layer]

  /// Puts the layers side by side; each must leave its input as it is.
  public init(_ branches: [any Layer]) { self.branches = branches }

  /// The tensors of all branches.
  public var tensors: [NamedTensor] { branches.flatMap(\.tensors) }

  /// Applies every branch and joins what they give.
  public func callAsFunction(_ input: Tensor, training: Bool) throws(TorchError) -> Tensor {
    var outputs: [Tensor] = []
    for branch in branches { outputs.append(try branch(input, training: training)) }
    return try Tensor.concatenate(outputs, along: 1)
  }

  /// The changed branches side by side.
  public func replacingConvolutions(
    by replacement: (Conv2d) throws(TorchError) -> any Layer
  ) throws(TorchError) -> any Layer { Branches(try branches.replacingConvolutions(by: replacement)) }
}
