public import Foundation
public import Support

extension SafeTensors {
  /// Writes tensors so that the file is either wholly there or not at all: beside `url`, forced to disk, then renamed.
  ///
  /// The same tensors and texts give the same bytes, which are also those of Hugging Face's own library: tensors in the
  /// order of their element types, largest first, then of their names; the elements begin at a multiple of 8 bytes.
  /// Tensors on a GPU are copied from there.
  ///
  /// - Throws: `CheckpointError` with the system's reason; what stood at `url` before is then untouched.
  public static func write(
    _ tensors: [String: Tensor], metadata: [String: String] = [:], to url: URL
  ) throws(CheckpointError) {
    let staged = try stage(tensors, metadata: metadata, for: url)
    try writing(file: url.lastPathComponent) { () throws(StudyError) in try staged.finish() }
  }

  /// Writes tensors as `write` does, but leaves it to the writer's `finish` to force the file to disk and put it in its
  /// place: that takes long and needs no tensor any more, so another thread may do it.
  public static func stage(
    _ tensors: [String: Tensor], metadata: [String: String] = [:], for url: URL
  ) throws(CheckpointError) -> AtomicFile.Writer {
    let file = url.lastPathComponent
    guard tensors["__metadata__"] == nil else {
      throw CheckpointError(file: file, "a tensor cannot be named __metadata__, which the format keeps for its texts")
    }
    let rank = Dictionary(uniqueKeysWithValues: typeNames.enumerated().map { ($1.dtype, $0) })
    let ordered = tensors.sorted { left, right in
      let (first, second) = (rank[left.value.dtype] ?? 0, rank[right.value.dtype] ?? 0)
      return first == second ? Array(left.key.utf8).lexicographicallyPrecedes(Array(right.key.utf8)) : first < second
    }
    var header = Header(metadata: metadata)
    var end = 0
    for (name, tensor) in ordered {
      let start = end
      end += tensor.count * tensor.dtype.size
      header.tensors[name] = Entry(dtype: tensor.dtype, shape: tensor.shape, offsets: [start, end])
    }
    let json = header.json(order: ordered.map(\.key))
    guard json.count <= longestHeader else {
      throw CheckpointError(file: file, "the header has \(json.count) bytes; \(longestHeader) is the format's bound")
    }
    let staged = try writing(file: file) { () throws(StudyError) in
      let staged = try AtomicFile.Writer(url)
      try staged.append(withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) } + json)
      return staged
    }
    for (name, tensor) in ordered {
      let elements: Data
      do throws(TorchError) {
        elements = try tensor.data()
      } catch {
        throw CheckpointError(file: file, "the tensor \(name): \(error)")
      }
      try writing(file: file) { () throws(StudyError) in try staged.append(elements) }
    }
    return staged
  }

  private static func writing<Result>(
    file: String, _ body: () throws(StudyError) -> Result
  ) throws(CheckpointError) -> Result {
    do throws(StudyError) { return try body() } catch { throw CheckpointError(file: file, error.description) }
  }
}
