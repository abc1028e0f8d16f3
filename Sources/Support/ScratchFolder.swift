public import Foundation

/// A folder for files of a moment, in the system's folder for them.
///
/// It is locked while it is in use, so that the next one that is made removes what a killed process left behind, and nothing else.
public struct ScratchFolder: Sendable {
  /// The folder.
  public let url: URL
  private let descriptor: Int32

  private static let prefix = "renalgrade-scratch-"

  /// Makes a folder, and removes abandoned ones.
  ///
  /// - Parameter parent: where it is made; the system's folder for temporary files by default.
  /// - Throws: `StudyError` of kind `.file` where it cannot be made.
  public init(in parent: URL = FileManager.default.temporaryDirectory) throws(StudyError) {
    Self.removeAbandoned(in: parent)
    var status = stat()
    while true {
      let url = parent.appendingPathComponent(Self.prefix + UUID().uuidString)
      guard mkdir(url.path, 0o700) == 0 else { throw Self.failure(url) }
      let descriptor = open(url.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      guard descriptor >= 0 else { throw Self.failure(url) }
      // Another process may have taken it for abandoned before it was locked.
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0, stat(url.path, &status) == 0 {
        self.url = url
        self.descriptor = descriptor
        return
      }
      close(descriptor)
    }
  }

  /// Removes the folder, which its maker owes to the disk.
  public func remove() {
    // What cannot be removed now is removed by the next.
    try? FileManager.default.removeItem(at: url)
    close(descriptor)
  }

  private static func removeAbandoned(in parent: URL) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: parent.path)) ?? []
    for name in names where name.hasPrefix(prefix) {
      let folder = parent.appendingPathComponent(name)
      let descriptor = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
      guard descriptor >= 0 else { continue }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { try? FileManager.default.removeItem(at: folder) }
      close(descriptor)
    }
  }

  private static func failure(_ url: URL) -> StudyError {
    StudyError(.file, "cannot make the folder \(url.path): \(String(cString: strerror(errno)))")
  }
}
