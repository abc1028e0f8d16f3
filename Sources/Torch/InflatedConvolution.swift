/// Which slices of a batch lie beside each other: stacks of slices, one after the other.
///
/// The layers of a network hold on to it, and the network's owner sets it before each pass. Not `Sendable`: one thread at a time uses
/// a network.
public final class SliceStacks {
  /// How many slices each stack has; each at least 1.
  public var counts: [Int] = []

  /// Makes stacks of nothing.
  public init() {}

  /// 1 for each slice that has a slice before it in its stack, and one after it, 0 for the others: N x 1 x 1 x 1, as `input` is.
  fileprivate func masks(like input: Tensor) throws(TorchError) -> (before: Tensor, after: Tensor) {
    let count = input.shape.first ?? 0
    guard input.shape.count == 4, counts.allSatisfy({ $0 > 0 }), counts.reduce(0, +) == count else {
      throw TorchError("stacks of \(counts) slices cannot be made of an input of shape \(input.shape)")
    }
    func mask(_ values: [Float]) throws(TorchError) -> Tensor {
      try Tensor(values, shape: [count, 1, 1, 1], device: input.device).to(input.dtype)
    }
    return (
      before: try mask(counts.flatMap { [0] + Array(repeating: 1, count: $0 - 1) }),
      after: try mask(counts.flatMap { Array(repeating: 1, count: $0 - 1) + [0] })
    )
  }
}

/// A convolution of images that has become one of stacks of slices: three slices deep, with a stride of 1 from slice to slice.
///
/// Its kernel is the image's in the middle slice, with zeros beside it, so that at first its response to each slice is what it was.
/// A slice beyond the end of a stack is zero. It equals PyTorch's `Conv3d` on each stack alone, with zeros as padding; stacks of different
/// depths lie one after the other in one batch without padding, so there is nothing that a normalisation or mean would have to
/// leave out.
///
/// Source: Girdhar et al., "Detect-and-Track", CVPR 2018, arXiv:1712.09184 (the kernel in the middle slice).
public struct InflatedConvolution: Layer {
  /// The number of slices that a kernel spans.
  public static let depth = 3

  private let image: Conv2d
  private let weight: NamedTensor
  private let stacks: SliceStacks

  /// Inflates a convolution of images, which stays as it is.
  public init(_ image: Conv2d, over stacks: SliceStacks) throws(TorchError) {
    self.image = image
    self.stacks = stacks
    weight = NamedTensor(
      image.weight.name,
      try withoutGradient { () throws(TorchError) in try image.weight.tensor.inMiddleSlice(of: Self.depth) })
    try weight.tensor.setRequiresGradient(true)
  }

  /// Takes the kernel back to the image's.
  public func reset() throws(TorchError) {
    try weight.tensor.copy(from: image.weight.tensor.detached().inMiddleSlice(of: Self.depth))
  }

  /// The weight: outputs x inputs of a group x slices x rows x columns.
  public var tensors: [NamedTensor] { [weight] }

  /// Convolves N slices, N x C x H x W.
  public func callAsFunction(_ input: Tensor, training: Bool) throws(TorchError) -> Tensor {
    // The three slices that a kernel spans, side by side as channels: one convolution of images does the sum over them.
    let masks = try stacks.masks(like: input)
    let (count, spanned) = (input.shape[0], try input.padded([0, 0, 0, 0, 0, 0, 1, 1]))
    var channels = try Tensor.concatenate(
      [
        spanned.narrowed(0, start: 0, length: count) * masks.before, input,
        spanned.narrowed(0, start: 2, length: count) * masks.after,
      ], along: 1)
    let (shape, size) = (input.shape, weight.tensor.shape)
    if size[1] < shape[1] {
      // Groups of channels: the three of a group lie together.
      channels = try channels.reshaped([count, Self.depth, shape[1] / size[1], size[1], shape[2], shape[3]])
        .permuted([0, 2, 1, 3, 4, 5]).reshaped([count, Self.depth * shape[1], shape[2], shape[3]]).to(.channelsLast)
    }
    let kernel = try weight.tensor.permuted([0, 2, 1, 3, 4])
      .reshaped([size[0], Self.depth * size[1], size[3], size[4]])
    return try image.convolved(channels, by: kernel, training: training)
  }
}

extension Tensor {
  /// A kernel of images as one of volumes, N x C x H x W to N x C x depth x H x W: in the middle slice, with zeros beside it.
  ///
  /// `depth` is odd. A volume's response to it is that of each of its slices alone.
  public func inMiddleSlice(of depth: Int) throws(TorchError) -> Tensor {
    let size = shape
    guard size.count == 4, depth > 0, depth % 2 == 1 else {
      throw TorchError("expected a kernel of images and an odd depth, found shape \(size) and depth \(depth)")
    }
    let beside = depth / 2
    return try reshaped([size[0], size[1], 1, size[2], size[3]]).padded([0, 0, 0, 0, beside, beside])
  }
}
