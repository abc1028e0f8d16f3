public import Foundation

/// Reads and writes named tensors in the safetensors format.
///
/// A file is the length of its header (8 bytes, little-endian), the header (JSON: for each tensor its element type, shape
/// and place), and the elements of all tensors, without gaps. Source: Hugging Face, safetensors, README.md, "Format".
public enum SafeTensors {
  /// No header is longer: the published format's own bound.
  static let longestHeader = 100_000_000

  /// Reads all tensors of a file, on the CPU, and the texts that its writer added.
  ///
  /// - Throws: `CheckpointError` where the file is cut off, or its header is not sound: every byte of the elements must
  ///   belong to exactly one tensor.
  public static func read(_ url: URL) throws(CheckpointError) -> (tensors: [String: Tensor], metadata: [String: String])
  {
    try read(try CheckpointCursor(mapping: url))
  }

  /// Whether a file begins as a safetensors file does.
  static func isStart(of file: CheckpointCursor) -> Bool {
    var cursor = file
    guard let length = try? cursor.integer(UInt64.self, "a length"), length <= UInt64(cursor.remaining),
      let brace = try? cursor.byte("a header")
    else { return false }
    return brace == UInt8(ascii: "{")
  }

  static func read(
    _ file: CheckpointCursor
  ) throws(CheckpointError) -> (tensors: [String: Tensor], metadata: [String: String]) {
    var cursor = file
    let length = try cursor.integer(UInt64.self, "the header's length")
    guard length <= Self.longestHeader else {
      throw file.error("the header would have \(length) bytes; \(Self.longestHeader) is the format's bound")
    }
    let header = try Header(json: try cursor.take(Int(length), "the header"), cursor)
    let start = cursor.position
    var tensors: [String: Tensor] = [:]
    var end = 0
    for (name, entry) in header.tensors.sorted(by: { $0.value.offsets.lexicographicallyPrecedes($1.value.offsets) }) {
      let size = try entry.byteCount(name, file)
      guard size <= cursor.remaining, entry.offsets == [end, end + size] else {
        throw file.error(
          "the tensor \(name) takes \(size) bytes from byte \(end) of \(file.end - start), but the header places it at "
            + "\(entry.offsets)", at: 8)
      }
      let elements = try cursor.take(size, "the tensor \(name)")
      do throws(TorchError) {
        tensors[name] = try Tensor(copying: elements, shape: entry.shape, dtype: entry.dtype)
      } catch {
        throw CheckpointError(file: file.file, "the tensor \(name): \(error)")
      }
      end += size
    }
    guard cursor.remaining == 0 else {
      throw cursor.error("\(cursor.remaining) bytes follow the last tensor; the file is damaged")
    }
    return (tensors, header.metadata)
  }
}
