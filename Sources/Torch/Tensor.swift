internal import CTorch
public import Foundation

/// The element types in use.
public enum DType: Int32, Sendable, CaseIterable {
  /// IEEE single precision.
  case float32 = 0
  /// Brain floating point: float32's range, 8 bits of precision.
  case bfloat16
  /// IEEE double precision.
  case float64
  /// 64-bit signed integers.
  case int64
  /// 8-bit unsigned integers.
  case uint8
  /// Truth values, one byte each.
  case bool
  /// IEEE half precision.
  case float16
  /// 32-bit signed integers.
  case int32

  /// Bytes per element.
  public var size: Int {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32: 4
    case .bfloat16, .float16: 2
    case .uint8, .bool: 1
    }
  }
}

/// Where a tensor's elements live.
public enum Device: Hashable, Sendable, CustomStringConvertible {
  /// The processor.
  case cpu
  /// A CUDA device by its index.
  case cuda(Int)

  /// `cpu` or `cuda:0`.
  public var description: String {
    switch self {
    case .cpu: "cpu"
    case .cuda(let index): "cuda:\(index)"
    }
  }

  var index: Int32 {
    switch self {
    case .cpu: -1
    case .cuda(let index): Int32(clamping: index)
    }
  }

  init(index: Int32) { self = index < 0 ? .cpu : .cuda(Int(index)) }
}

/// How the images or volumes of a tensor lie in memory.
public enum MemoryFormat: Int32, Sendable {
  /// As it is.
  case keep = 0
  /// Row-major: batch, channel, (slice,) row, column.
  case contiguous
  /// Channels innermost: what the fast convolutions want.
  case channelsLast
}

/// An n-dimensional array on the CPU or a GPU, with automatic differentiation.
///
/// libtorch counts references atomically and its operations on different tensors are independent, so a tensor may cross
/// threads; two threads must not change the same tensor at once (`Adam`, `copy(from:)`, and a batch normalisation in
/// training do). Gradient recording, autocast and the error message are per thread: `withoutGradient` and `withAutocast`
/// take a body that cannot suspend, so it stays on its thread.
public final class Tensor: @unchecked Sendable {
  let handle: ct_tensor

  /// Takes over a handle that the shim gave out.
  init(owning handle: ct_tensor) { self.handle = handle }

  deinit { ct_free(handle) }

  /// Runs a shim call that gives out a tensor.
  static func make(_ call: (UnsafeMutablePointer<ct_tensor?>) -> Int32) throws(TorchError) -> Tensor {
    var result: ct_tensor?
    try check(call(&result))
    guard let result else { throw TorchError("libtorch gave no tensor") }
    return Tensor(owning: result)
  }

  /// How many tensors are alive in the process: a leak shows as growth.
  public static var liveCount: Int { Int(ct_live_count()) }

  // MARK: Making

  /// Makes a float32 tensor from its elements in row-major order.
  ///
  /// - Throws: `TorchError` where the shape does not fit the number of elements.
  public convenience init(_ elements: [Float], shape: [Int], device: Device = .cpu) throws(TorchError) {
    try self.init(copying: elements.withUnsafeBytes { Data($0) }, shape: shape, dtype: .float32, device: device)
  }

  /// Makes an int64 tensor from its elements in row-major order.
  ///
  /// - Throws: `TorchError` where the shape does not fit the number of elements.
  public convenience init(_ elements: [Int64], shape: [Int], device: Device = .cpu) throws(TorchError) {
    try self.init(copying: elements.withUnsafeBytes { Data($0) }, shape: shape, dtype: .int64, device: device)
  }

  /// Makes a tensor from little-endian elements in row-major order.
  ///
  /// Towards a GPU the caller does not wait for the copy.
  /// - Throws: `TorchError` where the shape does not fit the number of bytes.
  public convenience init(
    copying data: Data, shape: [Int], dtype: DType, device: Device = .cpu
  ) throws(TorchError) {
    var result: ct_tensor?
    let status = data.withUnsafeBytes { bytes -> Int32? in
      guard bytes.count == Tensor.byteCount(shape, dtype) else { return nil }
      return shape.map(Int64.init).withUnsafeBufferPointer {
        ct_from_parts(
          [bytes.baseAddress], 1, bytes.count, $0.baseAddress, $0.count, dtype.rawValue, device.index, &result)
      }
    }
    guard let status else {
      let expected = Tensor.byteCount(shape, dtype).map { "takes \($0) bytes" } ?? "is impossible"
      throw TorchError("shape \(shape) of \(dtype) \(expected), found \(data.count) bytes")
    }
    try check(status)
    guard let result else { throw TorchError("libtorch gave no tensor") }
    self.init(owning: result)
  }

  /// Makes a tensor on a device from parts of equal size that lie apart, little-endian elements in row-major order.
  ///
  /// Towards a GPU the caller does not wait for the copy.
  /// - Throws: `TorchError` where the shape does not fit the number of bytes.
  public convenience init(
    joining parts: [UnsafeRawBufferPointer], shape: [Int], dtype: DType, device: Device = .cpu
  ) throws(TorchError) {
    let partSize = parts.first?.count ?? 0
    guard parts.allSatisfy({ $0.count == partSize }), Tensor.byteCount(shape, dtype) == parts.count * partSize else {
      throw TorchError("shape \(shape) of \(dtype) cannot be made from \(parts.count) parts of \(partSize) bytes")
    }
    let addresses = parts.map(\.baseAddress)
    var result: ct_tensor?
    let status = shape.map(Int64.init).withUnsafeBufferPointer { shape in
      ct_from_parts(
        addresses, parts.count, partSize, shape.baseAddress, shape.count, dtype.rawValue, device.index, &result)
    }
    try check(status)
    guard let result else { throw TorchError("libtorch gave no tensor") }
    self.init(owning: result)
  }

  /// The bytes that a tensor takes; nil for a negative dimension or more than memory can address.
  private static func byteCount(_ shape: [Int], _ dtype: DType) -> Int? {
    guard shape.allSatisfy({ $0 >= 0 }) else { return nil }
    return shape.reduce(dtype.size as Int?) { bytes, size in
      guard let (product, overflow) = bytes?.multipliedReportingOverflow(by: size), !overflow else { return nil }
      return product
    }
  }

  /// A tensor with every element equal to `value`.
  public static func full(
    _ shape: [Int], _ value: Double, dtype: DType = .float32, device: Device = .cpu
  ) throws(TorchError) -> Tensor {
    try make { out in
      shape.map(Int64.init).withUnsafeBufferPointer {
        ct_full($0.baseAddress, $0.count, value, dtype.rawValue, device.index, out)
      }
    }
  }

  /// A tensor of zeros.
  public static func zeros(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) throws(TorchError) -> Tensor
  {
    try full(shape, 0, dtype: dtype, device: device)
  }

  /// A float32 tensor of numbers drawn evenly from 0..<1; the seed decides which.
  public static func uniform(_ shape: [Int], seed: UInt64) throws(TorchError) -> Tensor {
    try random(shape, normal: false, seed)
  }

  /// A float32 tensor of standard normal numbers; the seed decides which.
  public static func normal(_ shape: [Int], seed: UInt64) throws(TorchError) -> Tensor {
    try random(shape, normal: true, seed)
  }

  private static func random(_ shape: [Int], normal: Bool, _ seed: UInt64) throws(TorchError) -> Tensor {
    try make { out in
      shape.map(Int64.init).withUnsafeBufferPointer { ct_random($0.baseAddress, $0.count, normal, seed, out) }
    }
  }

  // MARK: Looking

  /// The size of each dimension.
  public var shape: [Int] { (0..<ct_rank(handle)).map { Int(ct_size(handle, $0)) } }
  /// The number of elements.
  public var count: Int { Int(ct_element_count(handle)) }
  /// The element type.
  public var dtype: DType { DType(rawValue: ct_dtype(handle)) ?? .float32 }
  /// Where the elements live.
  public var device: Device { Device(index: ct_device(handle)) }
  /// Whether channels are innermost in memory.
  public var isChannelsLast: Bool { ct_is_channels_last(handle) }

  /// The elements as bytes in row-major order, copied.
  public func data() throws(TorchError) -> Data {
    var data = Data(count: count * dtype.size)
    let status = data.withUnsafeMutableBytes { ct_copy_data(handle, $0.baseAddress, $0.count) }
    try check(status)
    return data
  }

  /// The elements as Float in row-major order, converted where needed and copied.
  public func floats() throws(TorchError) -> [Float] {
    let converted = dtype == .float32 ? self : try to(.float32)
    var elements = [Float](repeating: 0, count: count)
    let status = elements.withUnsafeMutableBytes { ct_copy_data(converted.handle, $0.baseAddress, $0.count) }
    try check(status)
    return elements
  }

  /// The elements as Int64 in row-major order, converted where needed and copied.
  public func integers() throws(TorchError) -> [Int64] {
    let converted = dtype == .int64 ? self : try to(.int64)
    var elements = [Int64](repeating: 0, count: count)
    let status = elements.withUnsafeMutableBytes { ct_copy_data(converted.handle, $0.baseAddress, $0.count) }
    try check(status)
    return elements
  }

  /// The only element.
  ///
  /// - Throws: `TorchError` where there are more or fewer than one.
  public func item() throws(TorchError) -> Double {
    let elements = try (dtype == .float64 ? self : to(.float64)).data()
    guard elements.count == 8 else { throw TorchError("item() needs one element, found shape \(shape)") }
    return elements.withUnsafeBytes { $0.loadUnaligned(as: Double.self) }
  }

  // MARK: Converting

  /// The tensor with another element type.
  public func to(_ dtype: DType) throws(TorchError) -> Tensor { try convert(dtype, device, .keep) }
  /// The tensor on another device.
  public func to(_ device: Device) throws(TorchError) -> Tensor { try convert(dtype, device, .keep) }
  /// The tensor in another memory format.
  public func to(_ format: MemoryFormat) throws(TorchError) -> Tensor { try convert(dtype, device, format) }

  /// A copy that shares neither memory nor gradient with the tensor, in the same memory format.
  public func copied() throws(TorchError) -> Tensor { try Tensor.make { ct_clone(handle, $0) } }
  /// Zeros of the tensor's shape, element type, device and memory format.
  public func zerosLike() throws(TorchError) -> Tensor { try Tensor.make { ct_zeros_like(handle, $0) } }

  private func convert(_ dtype: DType, _ device: Device, _ format: MemoryFormat) throws(TorchError) -> Tensor {
    try Tensor.make { ct_to(handle, dtype.rawValue, device.index, format.rawValue, $0) }
  }
}
