public import Foundation

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
    try atomically(to: url) { (append) throws(CheckpointError) in
      try append(withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) })
      try append(json)
      for (name, tensor) in ordered {
        let elements: Data
        do throws(TorchError) {
          elements = try tensor.data()
        } catch {
          throw CheckpointError(file: file, "the tensor \(name): \(error)")
        }
        try append(elements)
      }
    }
  }

  private typealias Append = (Data) throws(CheckpointError) -> Void

  /// Lets `body` write a temporary file beside `url`, forces it to disk and renames it into place.
  private static func atomically(
    to url: URL, _ body: (Append) throws(CheckpointError) -> Void
  ) throws(CheckpointError) {
    let temporary = url.deletingLastPathComponent()
      .appendingPathComponent(".\(url.lastPathComponent).\(UUID().uuidString.prefix(8)).partial")
    let descriptor = open(temporary.path, O_WRONLY | O_CREAT | O_EXCL, 0o644)
    guard descriptor >= 0 else { throw failure("write", url) }
    do throws(CheckpointError) {
      try body { (data) throws(CheckpointError) in try writeAll(data, to: descriptor, url) }
      guard fsync(descriptor) == 0 else { throw failure("write", url) }
    } catch {
      close(descriptor)
      unlink(temporary.path)
      throw error
    }
    close(descriptor)
    guard rename(temporary.path, url.path) == 0 else {
      let error = failure("replace", url)
      unlink(temporary.path)
      throw error
    }
  }

  private static func writeAll(_ data: Data, to descriptor: Int32, _ url: URL) throws(CheckpointError) {
    var offset = 0
    while offset < data.count {
      let written = data.withUnsafeBytes { bytes in
        bytes.baseAddress.map { Foundation.write(descriptor, $0 + offset, data.count - offset) } ?? 0
      }
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { throw failure("write", url) }
      offset += written
    }
  }

  private static func failure(_ action: String, _ url: URL) -> CheckpointError {
    let reason = String(cString: strerror(errno))
    return CheckpointError(
      file: url.lastPathComponent,
      "cannot \(action) the file in \(url.deletingLastPathComponent().path): \(reason). What was there before is unchanged; "
        + "make room or fix the permissions, then repeat the command")
  }
}
