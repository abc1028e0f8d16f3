/// The axes over which windows move: those of an image or those of a volume.
public protocol SpatialAxes: Sendable {
  /// How many there are.
  static var count: Int { get }
}

/// Rows and columns: N x C x rows x columns.
public enum ImageAxes: SpatialAxes {
  /// 2.
  public static let count = 2
}

/// Slices, rows and columns: N x C x slices x rows x columns.
public enum VolumeAxes: SpatialAxes {
  /// 3.
  public static let count = 3
}

/// A convolution of images.
public typealias Conv2d = Convolution<ImageAxes>
/// A convolution of volumes.
public typealias Conv3d = Convolution<VolumeAxes>

/// How a window's border is filled.
public enum Padding: Sendable {
  /// Zeros, as many on each side: dilation x (kernel - 1) / 2, as PyTorch's networks do it.
  case half
  /// Zeros, as many in all as make the output ceil(input / stride), the odd one at the end: TensorFlow's "SAME".
  case same
  /// Nothing: windows that lie wholly inside.
  case none

  /// The zeros on each side; for `same`, those that a stride of 1 needs.
  func widths(_ kernel: [Int], _ dilation: [Int]) -> [Int] {
    switch self {
    case .half, .same: zip(kernel, dilation).map { $1 * ($0 - 1) / 2 }
    case .none: kernel.map { _ in 0 }
    }
  }
}

/// A convolution without a bias.
public struct Convolution<Axes: SpatialAxes>: Layer {
  let weight: NamedTensor
  private let kernel: [Int]
  private let stride: [Int]
  private let dilation: [Int]
  private let padding: Padding
  private let groups: Int

  /// Makes a convolution with fresh weights `name.weight`: normal, with variance 2 / fan-out of one group, or the deviation.
  ///
  /// Source: He et al., "Delving Deep into Rectifiers", ICCV 2015, arXiv:1502.01852; as torchvision's ResNet has it.
  /// - Throws: `TorchError` where there are sizes for other axes.
  public init(
    _ name: String, _ inputs: Int, _ outputs: Int, kernel: PerAxis, stride: PerAxis = 1, padding: Padding = .half,
    dilation: PerAxis = 1, groups: Int = 1, deviation: Double? = nil, _ initialiser: Initialiser
  ) throws(TorchError) {
    self.kernel = try kernel.integers(Axes.count)
    self.stride = try stride.integers(Axes.count)
    self.dilation = try dilation.integers(Axes.count)
    (self.padding, self.groups) = (padding, groups)
    let fanOut = Double(self.kernel.reduce(1, *) * outputs / groups)
    weight = NamedTensor(
      "\(name).weight",
      try initialiser.normal(
        "\(name).weight", [outputs, inputs / groups] + self.kernel,
        deviation: deviation ?? (2 / fanOut).squareRoot()))
  }

  /// Whether a window is more than a single element.
  public var isLargerThanOnePixel: Bool { kernel.contains { $0 > 1 } }

  /// The weight.
  public var tensors: [NamedTensor] { [weight] }

  /// Convolves.
  public func callAsFunction(_ input: Tensor, training: Bool) throws(TorchError) -> Tensor {
    try convolved(input, by: weight.tensor, training: training)
  }

  /// What is made of the convolution itself, where it is one of images.
  public func replacingConvolutions(
    by replacement: (Conv2d) throws(TorchError) -> any Layer
  ) throws(TorchError) -> any Layer {
    guard let images = self as? Conv2d else { return self }
    return try replacement(images)
  }

  /// Convolves with another weight, which may have another number of input channels.
  func convolved(_ input: Tensor, by weight: Tensor, training: Bool) throws(TorchError) -> Tensor {
    var (input, border) = (input, padding.widths(kernel, dilation))
    if case .same = padding {
      let missing = self.missing(input.shape.suffix(Axes.count))
      // Where it is the same on all sides the convolution does it without a copy.
      if missing != border.map({ 2 * $0 }) {
        input = try input.padded(missing.reversed().flatMap { [$0 / 2, $0 - $0 / 2] })
        border = kernel.map { _ in 0 }
      }
    }
    if training, input.dtype == .bfloat16, input.device == .cpu, isPlainSquare, Self.areEqual(border.suffix(2)) {
      return try input.convolvedInTraining(
        weight, stride: .each(stride), padding: .each(border), by: method(input.shape[1] * slices))
    }
    return try input.convolved(
      weight, stride: .each(stride), padding: .each(border), dilation: .each(dilation), groups: groups)
  }

  /// How many zeros TensorFlow's "SAME" wants along each axis.
  private func missing(_ sizes: ArraySlice<Int>) -> [Int] {
    zip(sizes, zip(stride, zip(kernel, dilation))).map { size, window in
      let (stride, (kernel, dilation)) = window
      return max(((size + stride - 1) / stride - 1) * stride + dilation * (kernel - 1) + 1 - size, 0)
    }
  }

  /// Whether rows are treated as columns, for which there are faster ways to train.
  private var isPlainSquare: Bool {
    groups == 1 && dilation.allSatisfy { $0 == 1 } && Self.areEqual(kernel.suffix(2)) && Self.areEqual(stride.suffix(2))
  }

  private static func areEqual(_ values: ArraySlice<Int>) -> Bool { Set(values).count == 1 }

  /// How many slices a kernel spans: those of a volume are an image's channels to the product.
  private var slices: Int { kernel.dropLast(2).first ?? 1 }

  /// What is fastest in bfloat16 on a CPU; in float32, and without gradients, the library's convolutions are.
  ///
  /// The gradient of a weight of one row and one column takes a third less time as a product, and a quarter of it where there is a
  /// stride.
  /// That of a larger kernel on 512 channels takes 7 ms over patches against 17 where there is AMX, on 256 channels 4 either way.
  private func method(_ channels: Int) -> Tensor.TrainingMethod {
    if kernel.suffix(2).allSatisfy({ $0 == 1 }) { return .pointwiseProduct }
    return LibTorch.hasTileProducts && channels >= 512 ? .patchGradient : .convolution
  }
}
