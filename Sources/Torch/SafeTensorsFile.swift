internal import CTorch
public import Foundation

/// A safetensors file whose tensors are read one by one, on request; the others stay on disk.
public struct SafeTensorsFile: Sendable {
  /// The texts that the writer added.
  public let metadata: [String: String]
  /// The names of the tensors.
  public var names: Set<String> { Set(header.tensors.keys) }

  private let file: String
  private let header: SafeTensors.Header
  /// All tensors' elements, mapped.
  private let elements: Data

  /// Opens a file and checks its header.
  ///
  /// - Throws: `CheckpointError` where the file is cut off, or its header is not sound: every byte of the elements must
  ///   belong to exactly one tensor.
  public init(_ url: URL) throws(CheckpointError) {
    var cursor = try CheckpointCursor(mapping: url)
    header = try SafeTensors.Header(reading: &cursor)
    file = cursor.file
    metadata = header.metadata
    elements = try cursor.take(cursor.remaining, "the tensors")
  }

  /// A tensor on the CPU, in an element type and memory format of the reader's choice.
  ///
  /// - Parameters:
  ///   - name: the tensor's name in the file.
  ///   - shape: the shape that it must have.
  ///   - dtype: the element type; nil keeps the file's.
  ///   - isChannelsLast: whether channels are innermost in memory; needs four dimensions.
  /// - Returns: the tensor, which shares no memory with the file.
  /// - Throws: `CheckpointError` where the file has no such tensor, or one of another shape.
  public func tensor(
    _ name: String, shape: [Int], dtype: DType? = nil, isChannelsLast: Bool = false
  ) throws(CheckpointError) -> Tensor {
    guard let entry = header.tensors[name] else { throw CheckpointError(file: file, "the tensor \(name) is missing") }
    guard entry.shape == shape else {
      throw CheckpointError(file: file, "the tensor \(name): expected shape \(shape), found \(entry.shape)")
    }
    do throws(TorchError) {
      return try entry.tensor(of: bytes(of: entry), dtype ?? entry.dtype, isChannelsLast)
    } catch {
      throw CheckpointError(file: file, "the tensor \(name): \(error)")
    }
  }

  /// Whether both files have this tensor with the same type, shape and elements.
  public func hasSame(_ name: String, as other: SafeTensorsFile) -> Bool {
    guard let mine = header.tensors[name], let theirs = other.header.tensors[name] else { return false }
    return mine.dtype == theirs.dtype && mine.shape == theirs.shape && bytes(of: mine) == other.bytes(of: theirs)
  }

  private func bytes(of entry: SafeTensors.Entry) -> Data {
    elements[elements.startIndex + entry.offsets[0]..<elements.startIndex + entry.offsets[1]]
  }
}

extension SafeTensors.Entry {
  /// The tensor in another type and order, made of its bytes in one pass.
  fileprivate func tensor(of data: Data, _ wanted: DType, _ isChannelsLast: Bool) throws(TorchError) -> Tensor {
    var result: ct_tensor?
    let status = data.withUnsafeBytes { bytes in
      shape.map(Int64.init).withUnsafeBufferPointer {
        ct_from_data_converted(
          bytes.baseAddress, $0.baseAddress, $0.count, dtype.rawValue, wanted.rawValue, isChannelsLast, &result)
      }
    }
    try check(status)
    guard let result else { throw TorchError("libtorch gave no tensor") }
    return Tensor(owning: result)
  }
}
