internal import CTorch

// Operations over windows of an image (N x C x rows x columns) or a volume (N x C x slices x rows x columns): the size, stride
// and border of a window are given per axis, in this order.

extension Tensor {
  /// The cross-correlation with a weight of outputs x inputs / groups x kernel.
  ///
  /// - Throws: `TorchError` where the shapes or the numbers of axes do not fit.
  public func convolved(
    _ weight: Tensor, bias: Tensor? = nil, stride: PerAxis = 1, padding: PerAxis = 0, dilation: PerAxis = 1,
    groups: Int = 1
  ) throws(TorchError) -> Tensor {
    let axes = weight.shape.count - 2
    let (stride, padding, dilation) = try (stride.values(axes), padding.values(axes), dilation.values(axes))
    return try Tensor.make {
      ct_convolution(handle, weight.handle, bias?.handle, stride, padding, dilation, axes, Int64(groups), $0)
    }
  }

  /// How a convolution is trained in a lower type than its weight's.
  enum TrainingMethod: Int32 {
    /// By the library's convolutions.
    case convolution
    /// But for the gradient of the weight, which is one product over all patches.
    case patchGradient
    /// By products over the channels alone, for a 1 x 1 kernel.
    case pointwiseProduct
  }

  /// The same without a bias and groups, in the input's type.
  ///
  /// The record for the backward pass keeps no copy of the weight in that type. Rows and columns have one stride and one padding.
  func convolvedInTraining(
    _ weight: Tensor, stride: PerAxis, padding: PerAxis, by method: TrainingMethod
  ) throws(TorchError) -> Tensor {
    let axes = weight.shape.count - 2
    let (stride, padding) = try (stride.values(axes), padding.values(axes))
    return try Tensor.make {
      ct_convolution_trained(handle, weight.handle, stride, padding, axes, method.rawValue, $0)
    }
  }

  /// The maximum of each window; the border never is one.
  ///
  /// With `ceiling` a last window may reach over the border, so that no element is left over.
  public func maxPooled(
    kernel: PerAxis, stride: PerAxis, padding: PerAxis = 0, ceiling: Bool = false
  ) throws(TorchError) -> Tensor {
    let axes = shape.count - 2
    let (kernel, stride, padding) = try (kernel.values(axes), stride.values(axes), padding.values(axes))
    return try pooled(kernel, stride, padding) { (input, kernel, stride, padding) throws(TorchError) in
      try Tensor.make {
        ct_max_pool(input.handle, kernel, stride, padding, kernel.count, ceiling, $0)
      }
    }
  }

  /// The mean of each window; with `ceiling` a last window may reach over the border, so that no element is left over.
  ///
  /// With `countingPadding` the zeros of the border count.
  public func averagePooled(
    kernel: PerAxis, stride: PerAxis, padding: PerAxis = 0, ceiling: Bool = false, countingPadding: Bool = true
  ) throws(TorchError) -> Tensor {
    let axes = shape.count - 2
    let (kernel, stride, padding) = try (kernel.values(axes), stride.values(axes), padding.values(axes))
    return try pooled(kernel, stride, padding) { (input, kernel, stride, padding) throws(TorchError) in
      try Tensor.make {
        ct_average_pool(input.handle, kernel, stride, padding, kernel.count, ceiling, countingPadding, $0)
      }
    }
  }

  private func pooled(
    _ kernel: [Int64], _ stride: [Int64], _ padding: [Int64],
    _ pool: (_ input: Tensor, _ kernel: [Int64], _ stride: [Int64], _ padding: [Int64]) throws(TorchError) -> Tensor
  ) throws(TorchError) -> Tensor {
    device == .cpu || kernel.count == 2
      ? try pool(self, kernel, stride, padding) : try pooledWithinAndAcross(kernel, stride, padding, pool)
  }

  /// The mean over all places of an image or volume: N x C x 1 x 1, or N x C x 1 x 1 x 1.
  public func averagePooledToOne() throws(TorchError) -> Tensor {
    try Tensor.make { ct_average_pool_to_one(handle, $0) }
  }
}

/// One number for each axis of a window: the same for all, or each its own in the order slices, rows, columns.
public enum PerAxis: Sendable, Equatable, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
  /// The same number for every axis.
  case all(Int)
  /// One number for each axis.
  case each([Int])

  /// The same number for every axis.
  public init(integerLiteral value: Int) { self = .all(value) }
  /// One number for each axis.
  public init(arrayLiteral elements: Int...) { self = .each(elements) }

  /// The numbers for as many axes.
  ///
  /// - Throws: `TorchError` where there are numbers for more or fewer.
  func integers(_ axes: Int) throws(TorchError) -> [Int] {
    switch self {
    case .all(let value): return Array(repeating: value, count: max(axes, 0))
    case .each(let values):
      guard values.count == axes else {
        throw TorchError("expected a number for each of \(axes) axes, found \(values)")
      }
      return values
    }
  }

  fileprivate func values(_ axes: Int) throws(TorchError) -> [Int64] { try integers(axes).map(Int64.init) }
}
