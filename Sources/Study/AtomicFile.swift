public import Foundation

/// Files that are either wholly there or not there at all.
public enum AtomicFile {
  /// A file that grows piece by piece beside its place and takes it when it is finished; unfinished, it leaves no trace.
  public final class Writer {
    private let url: URL
    private let temporary: URL
    private var descriptor: Int32

    /// Opens a temporary file beside `url`.
    ///
    /// - Throws: `StudyError` of kind `.file` with the system's reason.
    public init(_ url: URL) throws(StudyError) {
      self.url = url
      temporary = url.deletingLastPathComponent()
        .appendingPathComponent(".\(url.lastPathComponent).\(UUID().uuidString.prefix(8)).partial")
      descriptor = open(temporary.path, O_WRONLY | O_CREAT | O_EXCL, 0o644)
      guard descriptor >= 0 else { throw failure("write", url) }
      // Held while it is written, and by no killed process: `removeAbandoned` goes by it.
      flock(descriptor, LOCK_EX | LOCK_NB)
    }

    deinit {
      guard descriptor >= 0 else { return }
      close(descriptor)
      unlink(temporary.path)
    }

    /// Adds `data` at the end.
    public func append(_ data: Data) throws(StudyError) { try writeAll(data, to: descriptor, url) }

    /// Forces the file to disk and renames it into place.
    public func finish() throws(StudyError) {
      guard fsync(descriptor) == 0 else { throw failure("write", url) }
      guard rename(temporary.path, url.path) == 0 else { throw failure("replace", url) }
      close(descriptor)
      descriptor = -1
    }
  }

  /// Removes from a folder, at any depth, what killed processes have left unfinished, and nothing that another one is writing.
  public static func removeAbandoned(in folder: URL) {
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
    for case let file as URL in files ?? .init() where file.pathExtension == "partial" {
      let descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { continue }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink(file.path) }
      close(descriptor)
    }
  }

  /// Writes `data` beside `url`, forces it to disk, and renames it into place.
  ///
  /// - Throws: `StudyError` of kind `.file` with the system's reason (no space left, permission denied, ...); what stood
  ///   at `url` before is then untouched.
  public static func write(_ data: Data, to url: URL) throws(StudyError) {
    let writer = try Writer(url)
    try writer.append(data)
    try writer.finish()
  }

  /// Writes `text` as UTF-8, as `write(_:to:)` does.
  public static func write(_ text: String, to url: URL) throws(StudyError) {
    try write(Data(text.utf8), to: url)
  }

  /// Writes `value` as indented JSON with sorted keys, as `write(_:to:)` does.
  public static func writeJSON(_ value: some Encodable, to url: URL) throws(StudyError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let data: Data
    do {
      data = try encoder.encode(value)
    } catch {
      throw StudyError(.file, "\(url.lastPathComponent): a value cannot be written as JSON: \(error)")
    }
    try write(data + Data("\n".utf8), to: url)
  }

  /// Appends one line and forces it to disk, so that a log survives a crash line by line.
  public static func append(line: String, to url: URL) throws(StudyError) {
    let descriptor = open(url.path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    guard descriptor >= 0 else { throw failure("append to", url) }
    defer { close(descriptor) }
    try writeAll(Data((line + "\n").utf8), to: descriptor, url)
    guard fsync(descriptor) == 0 else { throw failure("append to", url) }
  }

  private static func writeAll(_ data: Data, to descriptor: Int32, _ url: URL) throws(StudyError) {
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

  private static func failure(_ action: String, _ url: URL) -> StudyError {
    let reason = String(cString: strerror(errno))
    return StudyError(
      .file,
      "cannot \(action) \(url.lastPathComponent) in \(url.deletingLastPathComponent().path): \(reason). "
        + "Nothing that was there before is changed; make room or fix the permissions, then repeat the command.")
  }
}
