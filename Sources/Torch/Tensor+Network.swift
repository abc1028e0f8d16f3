internal import CTorch

extension Tensor {
  /// x W^T + b.
  public func linear(_ weight: Tensor, bias: Tensor?) throws(TorchError) -> Tensor {
    try Tensor.make { ct_linear(handle, weight.handle, bias?.handle, $0) }
  }

  /// Batch normalisation per channel; in training the running statistics are updated in place.
  public func batchNormalised(
    weight: Tensor?, bias: Tensor?, runningMean: Tensor?, runningVariance: Tensor?, training: Bool, momentum: Double,
    epsilon: Double
  ) throws(TorchError) -> Tensor {
    try Tensor.make {
      ct_batch_norm(
        handle, weight?.handle, bias?.handle, runningMean?.handle, runningVariance?.handle, training, momentum, epsilon,
        $0)
    }
  }

  /// Elements set to zero with the given probability in training, the rest scaled up.
  public func droppedOut(_ probability: Double, training: Bool) throws(TorchError) -> Tensor {
    try Tensor.make { ct_dropout(handle, probability, training, $0) }
  }

  /// The mean cross-entropy of logits (N x classes) against int64 targets, weighted by class as PyTorch does it.
  ///
  /// Computed in float32 where the logits have less precision.
  public func crossEntropy(_ targets: Tensor, classWeights: Tensor? = nil) throws(TorchError) -> Tensor {
    let logits = dtype == .bfloat16 || dtype == .float16 ? try to(.float32) : self
    return try Tensor.make { ct_cross_entropy(logits.handle, targets.handle, classWeights?.handle, $0) }
  }

  /// Rows and columns resampled bilinearly with half-pixel centres.
  public func resizedBilinearly(height: Int, width: Int) throws(TorchError) -> Tensor {
    try Tensor.make { ct_resize_bilinear(handle, Int64(height), Int64(width), $0) }
  }

  /// Grey images as three channels, N x 1 x H x W to N x 3 x size x size, channels-last, in one pass; float32 on the CPU.
  ///
  /// Resampled as `resizedBilinearly` does it; each channel is the grey value times its factor plus its offset.
  public func colouredFromGrey(size: Int, factors: SIMD3<Float>, offsets: SIMD3<Float>) throws(TorchError) -> Tensor {
    try Tensor.make { result in
      [factors.x, factors.y, factors.z].withUnsafeBufferPointer { factors in
        [offsets.x, offsets.y, offsets.z].withUnsafeBufferPointer { offsets in
          ct_colour_from_grey(handle, Int64(size), factors.baseAddress, offsets.baseAddress, result)
        }
      }
    }
  }

  // MARK: Differentiation

  /// Whether operations on the tensor are recorded.
  public var requiresGradient: Bool { ct_requires_grad(handle) }

  /// Switches recording on or off for a leaf.
  public func setRequiresGradient(_ required: Bool) throws(TorchError) {
    try check(ct_set_requires_grad(handle, required))
  }

  /// Adds d self / d leaf to the gradient of every leaf that self depends on.
  public func backward() throws(TorchError) { try check(ct_backward(handle)) }

  /// The gradient gathered so far; nil where there is none.
  public func gradient() throws(TorchError) -> Tensor? {
    var result: ct_tensor?
    try check(ct_grad(handle, &result))
    return result.map(Tensor.init(owning:))
  }

  /// Forgets the gradient and releases its memory, so that the next `backward()` stores instead of adding.
  public func clearGradient() throws(TorchError) { try check(ct_clear_grad(handle)) }

  /// The same elements outside of the record.
  public func detached() throws(TorchError) -> Tensor { try Tensor.make { ct_detach(handle, $0) } }

  /// Overwrites the elements, outside of the record, converting type and device.
  ///
  /// - Throws: `TorchError` where the shapes differ.
  public func copy(from source: Tensor) throws(TorchError) { try check(ct_copy_into(handle, source.handle)) }

  /// Adds factor x source to the elements in place, outside of the record.
  public func add(_ source: Tensor, times factor: Double = 1) throws(TorchError) {
    try check(ct_add_into(handle, source.handle, factor))
  }

  /// Multiplies the elements in place, outside of the record.
  public func scale(by factor: Double) throws(TorchError) { try check(ct_scale_into(handle, factor)) }
}

/// Runs `body` without recording operations for differentiation; per thread.
public func withoutGradient<Result>(_ body: () throws(TorchError) -> Result) throws(TorchError) -> Result {
  let before = ct_grad_enabled()
  ct_set_grad_enabled(false)
  defer { ct_set_grad_enabled(before) }
  return try body()
}

/// Runs `body` with matrix products and convolutions in `dtype`, where that is not float32; per thread.
///
/// Parameters stay float32: libtorch casts each once, and forgets the casts at the end, so that the next step sees what
/// the optimiser wrote. Run `backward()` outside.
public func withAutocast<Result>(
  _ dtype: DType, on device: Device, _ body: () throws(TorchError) -> Result
) throws(TorchError) -> Result {
  guard dtype != .float32 else { return try body() }
  try check(ct_autocast_begin(device.index, dtype.rawValue))
  defer { ct_autocast_end() }
  return try body()
}
