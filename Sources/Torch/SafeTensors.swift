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

  /// The texts that a file's writer added, without reading its tensors.
  ///
  /// - Throws: `CheckpointError` where the header is not sound.
  public static func metadata(of url: URL) throws(CheckpointError) -> [String: String] {
    var cursor = try CheckpointCursor(mapping: url)
    return try Header(reading: &cursor).metadata
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
    let header = try Header(reading: &cursor)
    var tensors: [String: Tensor] = [:]
    for (name, entry) in header.inOrder {
      let elements = try cursor.take(entry.offsets[1] - entry.offsets[0], "the tensor \(name)")
      do throws(TorchError) {
        tensors[name] = try Tensor(copying: elements, shape: entry.shape, dtype: entry.dtype)
      } catch {
        throw CheckpointError(file: file.file, "the tensor \(name): \(error)")
      }
    }
    return (tensors, header.metadata)
  }
}
