public import Foundation

/// Files that are either wholly there or not there at all.
public enum AtomicFile {
  /// A file that grows piece by piece beside its place and takes it when it is finished; unfinished, it leaves no trace.
  ///
  /// One thread may append and another one finish: forcing a large file to disk takes long.
  public final class Writer: Sendable {
    private let url: URL
    private let temporary: URL
    private let descriptor: Int32

    /// Opens a temporary file beside `url`, with the permissions that the file is to have (less the process's mask).
    ///
    /// - Throws: `StudyError` of kind `.file` with the system's reason.
    public init(_ url: URL, permissions: mode_t = 0o644) throws(StudyError) {
      self.url = url
      temporary = url.deletingLastPathComponent()
        .appendingPathComponent(".\(url.lastPathComponent).\(UUID().uuidString.prefix(8)).partial")
      descriptor = open(temporary.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, permissions)
      guard descriptor >= 0 else { throw failure("write", url) }
      // Held while it is written, and by no killed process: `removeAbandoned` goes by it.
      flock(descriptor, LOCK_EX | LOCK_NB)
    }

    deinit {
      guard descriptor >= 0 else { return }
      close(descriptor)
      // Once it is renamed there is none of that name.
      unlink(temporary.path)
    }

    /// Adds `data` at the end.
    public func append(_ data: Data) throws(StudyError) {
      guard AtomicFile.append(data, to: descriptor) else { throw failure("write", url) }
    }

    /// Forces the file to disk, renames it into place and forces the folder's entry to disk as well.
    ///
    /// - Parameters:
    ///   - synchronize: false where losing the file in a crash of the machine costs nothing, or the caller sees to it.
    ///   - synchronizeFolder: false where the caller synchronizes the folder once for many files.
    /// - Throws: `StudyError` of kind `.file` with the system's reason.
    public func finish(synchronize: Bool = true, synchronizeFolder: Bool = true) throws(StudyError) {
      guard !synchronize || fsync(descriptor) == 0 else { throw failure("write", url) }
      guard rename(temporary.path, url.path) == 0 else { throw failure("replace", url) }
      if synchronize && synchronizeFolder { try AtomicFile.synchronize(folder: url.deletingLastPathComponent()) }
    }
  }

  /// Forces the list of a folder's files to disk, without which a crash of the machine may undo a renaming.
  ///
  /// Nothing is done where the folder may be written but not read, or its file system cannot synchronize folders.
  /// - Throws: `StudyError` of kind `.file` with the system's reason.
  public static func synchronize(folder: URL) throws(StudyError) {
    let descriptor = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == EACCES { return }
      throw failure("synchronize", folder)
    }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 || [EINVAL, ENOTSUP, EROFS].contains(errno) else {
      throw failure("synchronize", folder)
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

  /// Writes `data` beside `url`, forces it to disk unless told otherwise, and renames it into place.
  ///
  /// - Throws: `StudyError` of kind `.file` with the system's reason (no space left, permission denied, ...); what stood
  ///   at `url` before is then untouched.
  public static func write(
    _ data: Data, to url: URL, permissions: mode_t = 0o644, synchronize: Bool = true
  ) throws(StudyError) {
    let writer = try Writer(url, permissions: permissions)
    try writer.append(data)
    try writer.finish(synchronize: synchronize)
  }

  /// Writes `text` as UTF-8, as `write` does of data.
  public static func write(_ text: String, to url: URL) throws(StudyError) {
    try write(Data(text.utf8), to: url)
  }

  /// Writes `value` as indented JSON with sorted keys, as `write` does of data.
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
    let isNew = lseek(descriptor, 0, SEEK_END) == 0
    guard append(Data((line + "\n").utf8), to: descriptor), fsync(descriptor) == 0 else {
      throw failure("append to", url)
    }
    if isNew { try synchronize(folder: url.deletingLastPathComponent()) }
  }

  /// Writes all of `data` to an open file; false where the system refuses, with its reason in `errno`.
  public static func append(_ data: Data, to descriptor: Int32) -> Bool {
    var offset = 0
    while offset < data.count {
      let written = data.withUnsafeBytes { bytes in
        bytes.baseAddress.map { Foundation.write(descriptor, $0 + offset, data.count - offset) } ?? 0
      }
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { return false }
      offset += written
    }
    return true
  }

  private static func failure(_ action: String, _ url: URL) -> StudyError {
    let reason = String(cString: strerror(errno))
    return StudyError(
      .file,
      "cannot \(action) \(url.lastPathComponent) in \(url.deletingLastPathComponent().path): \(reason). "
        + "Nothing that was there before is changed; make room or fix the permissions, then repeat the command.")
  }
}
