internal import CTorch

extension Tensor {
  private func unary(_ operation: Int) throws(TorchError) -> Tensor {
    try Tensor.make { ct_unary(Int32(operation), handle, $0) }
  }

  private static func binary(_ operation: Int, _ left: Tensor, _ right: Tensor) throws(TorchError) -> Tensor {
    try make { ct_binary(Int32(operation), left.handle, right.handle, $0) }
  }

  private static func scalar(_ operation: Int, _ left: Tensor, _ right: Double) throws(TorchError) -> Tensor {
    try make { ct_binary_scalar(Int32(operation), left.handle, right, $0) }
  }

  // MARK: Element by element

  /// The sum, with broadcasting.
  public static func + (left: Tensor, right: Tensor) throws(TorchError) -> Tensor { try binary(CT_ADD, left, right) }
  /// The difference, with broadcasting.
  public static func - (left: Tensor, right: Tensor) throws(TorchError) -> Tensor {
    try binary(CT_SUBTRACT, left, right)
  }
  /// The product of elements, with broadcasting.
  public static func * (left: Tensor, right: Tensor) throws(TorchError) -> Tensor {
    try binary(CT_MULTIPLY, left, right)
  }
  /// The quotient of elements, with broadcasting.
  public static func / (left: Tensor, right: Tensor) throws(TorchError) -> Tensor { try binary(CT_DIVIDE, left, right) }
  /// Each element plus a number.
  public static func + (left: Tensor, right: Double) throws(TorchError) -> Tensor { try scalar(CT_ADD, left, right) }
  /// Each element minus a number.
  public static func - (left: Tensor, right: Double) throws(TorchError) -> Tensor {
    try scalar(CT_SUBTRACT, left, right)
  }
  /// Each element times a number.
  public static func * (left: Tensor, right: Double) throws(TorchError) -> Tensor {
    try scalar(CT_MULTIPLY, left, right)
  }
  /// Each element divided by a number.
  public static func / (left: Tensor, right: Double) throws(TorchError) -> Tensor { try scalar(CT_DIVIDE, left, right) }
  /// Whether elements are equal, as a Boolean tensor.
  public func isEqual(to other: Tensor) throws(TorchError) -> Tensor { try Tensor.binary(CT_EQUAL, self, other) }
  /// The matrix product, batched as NumPy's.
  public func matmul(_ other: Tensor) throws(TorchError) -> Tensor { try Tensor.binary(CT_MATMUL, self, other) }

  /// max(x, 0).
  public func relu() throws(TorchError) -> Tensor { try unary(CT_RELU) }
  /// min(max(x, 0), 6).
  public func relu6() throws(TorchError) -> Tensor { try unary(CT_RELU6) }
  /// Replaces each element by max(x, 0), on the record: only for a tensor that no other operation needs afterwards.
  func reluInPlace() throws(TorchError) { try check(ct_unary_in_place(Int32(CT_RELU), handle)) }
  /// Replaces each element by min(max(x, 0), 6), on the record: only for a tensor that no other operation needs.
  func relu6InPlace() throws(TorchError) { try check(ct_unary_in_place(Int32(CT_RELU6), handle)) }
  /// 1 / (1 + exp(-x)).
  public func sigmoid() throws(TorchError) -> Tensor { try unary(CT_SIGMOID) }
  /// The hyperbolic tangent.
  public func hyperbolicTangent() throws(TorchError) -> Tensor { try unary(CT_TANH) }
  /// The exponential.
  public func exp() throws(TorchError) -> Tensor { try unary(CT_EXP) }
  /// The natural logarithm.
  public func log() throws(TorchError) -> Tensor { try unary(CT_LOG) }
  /// The square root.
  public func squareRoot() throws(TorchError) -> Tensor { try unary(CT_SQRT) }
  /// The absolute value.
  public func absolute() throws(TorchError) -> Tensor { try unary(CT_ABS) }
  /// The negative.
  public func negated() throws(TorchError) -> Tensor { try unary(CT_NEGATE) }
  /// The square.
  public func squared() throws(TorchError) -> Tensor { try unary(CT_SQUARE) }

  // MARK: Reductions

  private func reduce(_ operation: Int, _ dimensions: [Int], _ keep: Bool) throws(TorchError) -> Tensor {
    try Tensor.make { out in
      dimensions.map(Int64.init).withUnsafeBufferPointer {
        ct_reduce(Int32(operation), handle, $0.baseAddress, $0.count, keep, out)
      }
    }
  }

  /// The sum over the given dimensions, or over all.
  public func sum(_ dimensions: [Int] = [], keepingDimensions: Bool = false) throws(TorchError) -> Tensor {
    try reduce(CT_SUM, dimensions, keepingDimensions)
  }
  /// The mean over the given dimensions, or over all.
  public func mean(_ dimensions: [Int] = [], keepingDimensions: Bool = false) throws(TorchError) -> Tensor {
    try reduce(CT_MEAN, dimensions, keepingDimensions)
  }
  /// The mean along a dimension of the elements whose mask is 1; zero where it is 0 throughout.
  ///
  /// The mask is 0 or 1, of a shape that broadcasts to the tensor's; what it hides must be finite.
  public func mean(whereOne mask: Tensor, along dimension: Int) throws(TorchError) -> Tensor {
    let sum = try (self * mask).sum([dimension])
    let count = try mask.sum([dimension])
    // A count of 0 is divided by as 1: its sum is 0.
    return try sum / (count + count.isEqual(to: .zeros([], dtype: count.dtype, device: device)).to(count.dtype))
  }
  /// The maximum over the given dimensions, or over all.
  public func maximum(_ dimensions: [Int] = [], keepingDimensions: Bool = false) throws(TorchError) -> Tensor {
    try reduce(CT_MAXIMUM, dimensions, keepingDimensions)
  }
  /// The index of the maximum along a dimension.
  public func argmax(_ dimension: Int) throws(TorchError) -> Tensor { try reduce(CT_ARGMAX, [dimension], false) }
  /// The softmax along a dimension.
  public func softmax(_ dimension: Int) throws(TorchError) -> Tensor {
    try Tensor.make { ct_softmax(handle, Int64(dimension), false, $0) }
  }
  /// The logarithm of the softmax along a dimension.
  public func logSoftmax(_ dimension: Int) throws(TorchError) -> Tensor {
    try Tensor.make { ct_softmax(handle, Int64(dimension), true, $0) }
  }

  // MARK: Shapes

  /// The same elements in another shape; one dimension may be -1.
  public func reshaped(_ shape: [Int]) throws(TorchError) -> Tensor {
    try Tensor.make { out in
      shape.map(Int64.init).withUnsafeBufferPointer { ct_reshape(handle, $0.baseAddress, $0.count, out) }
    }
  }
  /// The dimensions in another order.
  public func permuted(_ order: [Int]) throws(TorchError) -> Tensor {
    try Tensor.make { out in
      order.map(Int64.init).withUnsafeBufferPointer { ct_permute(handle, $0.baseAddress, $0.count, out) }
    }
  }
  /// The part from `start` of `length` along a dimension, on the same memory.
  public func narrowed(_ dimension: Int, start: Int, length: Int) throws(TorchError) -> Tensor {
    try Tensor.make { ct_narrow(handle, Int64(dimension), Int64(start), Int64(length), $0) }
  }
  /// The given indices along a dimension, copied.
  public func selecting(_ indices: [Int], along dimension: Int) throws(TorchError) -> Tensor {
    let indices = try Tensor(indices.map(Int64.init), shape: [indices.count], device: device)
    return try Tensor.make { ct_index_select(handle, Int64(dimension), indices.handle, $0) }
  }
  /// The elements in reverse order along a dimension.
  public func flipped(_ dimension: Int) throws(TorchError) -> Tensor {
    try Tensor.make { ct_flip(handle, Int64(dimension), $0) }
  }
  /// Tensors one after the other along an existing dimension.
  public static func concatenate(_ tensors: [Tensor], along dimension: Int) throws(TorchError) -> Tensor {
    try join(tensors, dimension, false)
  }
  /// Tensors side by side along a new dimension.
  public static func stack(_ tensors: [Tensor], along dimension: Int) throws(TorchError) -> Tensor {
    try join(tensors, dimension, true)
  }

  private static func join(_ tensors: [Tensor], _ dimension: Int, _ isNew: Bool) throws(TorchError) -> Tensor {
    try withHandles(tensors) { (handles) throws(TorchError) in
      try make { ct_join(handles.baseAddress, handles.count, Int64(dimension), isNew, $0) }
    }
  }
  /// The tensor with a margin of `value`; widths go from the last dimension backwards, before and after each.
  public func padded(_ widths: [Int], value: Double = 0) throws(TorchError) -> Tensor {
    try Tensor.make { out in
      widths.map(Int64.init).withUnsafeBufferPointer { ct_pad(handle, $0.baseAddress, $0.count, value, out) }
    }
  }

  /// The handles of several tensors at once; the tensors live until `body` returns.
  static func withHandles<Result>(
    _ tensors: [Tensor], _ body: (UnsafeBufferPointer<ct_tensor?>) throws(TorchError) -> Result
  ) throws(TorchError) -> Result {
    let handles: [ct_tensor?] = tensors.map(\.handle)
    defer { withExtendedLifetime(tensors) {} }
    let pointer = UnsafeMutableBufferPointer<ct_tensor?>.allocate(capacity: handles.count)
    _ = pointer.initialize(from: handles)
    defer { pointer.deallocate() }
    return try body(UnsafeBufferPointer(pointer))
  }
}
