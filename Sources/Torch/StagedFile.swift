import Foundation

/// A file that is written beside its place and not there yet; one that is never committed leaves nothing behind.
public final class StagedFile: Sendable {
  private let url: URL
  private let temporary: URL
  private let descriptor: Int32

  init(for url: URL) throws(CheckpointError) {
    self.url = url
    temporary = url.deletingLastPathComponent()
      .appendingPathComponent(".\(url.lastPathComponent).\(UUID().uuidString.prefix(8)).partial")
    descriptor = open(temporary.path, O_WRONLY | O_CREAT | O_EXCL, 0o644)
    guard descriptor >= 0 else { throw failure("write") }
  }

  deinit {
    guard descriptor >= 0 else { return }
    close(descriptor)
    unlink(temporary.path)
  }

  func append(_ data: Data) throws(CheckpointError) {
    var offset = 0
    while offset < data.count {
      let written = data.withUnsafeBytes { bytes in
        bytes.baseAddress.map { write(descriptor, $0 + offset, data.count - offset) } ?? 0
      }
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { throw failure("write") }
      offset += written
    }
  }

  /// Forces the file to disk and puts it in its place, whole.
  ///
  /// - Throws: `CheckpointError` with the system's reason; what stood in that place before is then untouched.
  public func commit() throws(CheckpointError) {
    guard fsync(descriptor) == 0 else { throw failure("write") }
    guard rename(temporary.path, url.path) == 0 else { throw failure("replace") }
  }

  private func failure(_ action: String) -> CheckpointError {
    let reason = String(cString: strerror(errno))
    return CheckpointError(
      file: url.lastPathComponent,
      "cannot \(action) the file in \(url.deletingLastPathComponent().path): \(reason). What was there before is unchanged; "
        + "make room or fix the permissions, then repeat the command")
  }
}
