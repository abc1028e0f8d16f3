public import Foundation
import Support

/// The file that a key is kept in.
extension PseudonymKey {
  /// What is wrong with a key file.
  public enum FileError: Error, Equatable, CustomStringConvertible, Sendable {
    /// The file would lie in the study, which others are given.
    case insideStudy
    /// There is no such file, and the study has patients already.
    case missing(String)
    /// Others than its owner can read it.
    case readableByOthers(String)
    /// It holds something else.
    case notAKey(String)
    /// The file that says which key is a folder's holds something else.
    case unclearProject(String)
    /// It can be neither read nor made.
    case inaccessible(String, reason: String)

    /// One or more sentences for the person at the terminal.
    public var description: String {
      switch self {
      case .insideStudy:
        "The key must not be in the folder that it protects: anyone with the folder could identify its patients."
      case .missing(let path):
        "\(path): there is no key. With a key other than the study's first one, its patients would get other "
          + "pseudonyms, as if they were new patients. Restore it from a copy, or give it as --key; if the folder was moved "
          + "or renamed, move its .key-id file along with it."
      case .readableByOthers(let path): "\(path): others can read this key. Run: chmod 600 \(path)"
      case .notAKey(let path): "\(path): this is not a key; expected 64 hexadecimal digits. Restore it from a copy."
      case .unclearProject(let path):
        "\(path): this does not name a key; expected one word below the comments. Restore it from a copy, or give the "
          + "key as --key."
      case .inaccessible(let path, let reason): "\(path): \(reason)"
      }
    }
  }

  /// Reads the key of a study, or makes it at first use, readable by its owner alone.
  ///
  /// `study` is the folder that the key must not lie in; `makesIfMissing` is false once the study has patients.
  /// - Throws: `FileError`.
  public static func open(_ url: URL, outside study: URL, makesIfMissing: Bool) throws(FileError) -> PseudonymKey {
    guard !FolderContents.lies(url, in: study) else { throw .insideStudy }
    if FileManager.default.fileExists(atPath: url.path) { return try read(url) }
    guard makesIfMissing else { throw .missing(url.path) }
    let key = PseudonymKey()
    try key.write(url)
    return key
  }

  private static func read(_ url: URL) throws(FileError) -> PseudonymKey {
    let text: String
    let permissions: Int
    do {
      text = try String(contentsOf: url, encoding: .utf8)
      permissions = try FileManager.default.attributesOfItem(atPath: url.path)[.posixPermissions] as? Int ?? 0
    } catch {
      throw .inaccessible(url.path, reason: error.localizedDescription)
    }
    guard permissions & 0o077 == 0 else { throw .readableByOthers(url.path) }
    let digits = text.split(separator: "\n").first { !$0.hasPrefix("#") }?.trimmingCharacters(in: .whitespaces) ?? ""
    let bytes = stride(from: 0, to: digits.count - 1, by: 2).map { offset in
      UInt8(digits.dropFirst(offset).prefix(2), radix: 16)
    }
    guard digits.count == 64, let key = PseudonymKey(bytes: bytes.compactMap(\.self)) else { throw .notAKey(url.path) }
    return key
  }

  private func write(_ url: URL) throws(FileError) {
    let text = """
      # The key of a RenalGrade study: its pseudonyms, UIDs and dates come from it.
      # Keep it secret, and keep a copy: if it is lost, no later scan can be joined to the patients that the study has,
      # and no pseudonym can be traced to its patient. Never put it into the study's folder.
      \(hexadecimal)

      """
    do {
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw .inaccessible(url.path, reason: error.localizedDescription)
    }
    // Made beside its place with its permissions, so that others can read it at no moment and a killed run leaves no half
    // of it, and never put over another key.
    AtomicFile.removeAbandoned(in: url.deletingLastPathComponent())
    let temporary = url.deletingLastPathComponent()
      .appendingPathComponent(".\(url.lastPathComponent).\(UUID().uuidString.prefix(8)).partial")
    let descriptor = Foundation.open(temporary.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .inaccessible(url.path, reason: String(cString: strerror(errno))) }
    flock(descriptor, LOCK_EX | LOCK_NB)
    defer {
      unlink(temporary.path)
      close(descriptor)
    }
    guard AtomicFile.append(Data(text.utf8), to: descriptor), fsync(descriptor) == 0,
      link(temporary.path, url.path) == 0
    else { throw .inaccessible(url.path, reason: String(cString: strerror(errno))) }
  }
}
