internal import CDIMSE
public import Foundation
import Support

/// A folder that files are written into whole or not at all, each once.
public struct InstanceFolder: Sendable {
  /// Where the files are.
  public let url: URL

  /// Makes the folder where it is absent, and removes what a killed process left half-written in it.
  ///
  /// - Throws: `PACSError` of kind `.storage`.
  public init(_ url: URL) throws(PACSError) {
    self.url = url
    try makeFolder(url)
    AtomicFile.removeAbandoned(in: url)
  }

  /// Writes a file, readable by its owner alone, at a path below the folder; one that is there is left as it is.
  ///
  /// - Throws: `InstanceRefusal` where another file is there, `PACSError` of kind `.storage` where it cannot be written.
  public func write(_ data: Data, to path: String) throws {
    let file = url.appendingPathComponent(path)
    if FileManager.default.fileExists(atPath: file.path) {
      let present: Data
      do {
        present = try Data(contentsOf: file)
      } catch {
        throw PACSError(.storage, "a stored instance cannot be read in \(url.path): \(error.localizedDescription)")
      }
      if present == data { return }
      // A power failure may leave the beginning of a file.
      guard data.starts(with: present) else {
        throw InstanceRefusal("the folder contains a different instance with the same SOPInstanceUID")
      }
    }
    let parent = file.deletingLastPathComponent()
    try makeFolder(parent)
    do throws(StudyError) {
      try AtomicFile.write(data, to: file, permissions: 0o600, synchronize: false)
    } catch {
      throw PACSError(.storage, "a received instance cannot be stored: \(error)")
    }
  }

  /// Forces the folder's file system to disk.
  ///
  /// - Throws: `PACSError` of kind `.storage`.
  public func synchronize() throws(PACSError) {
    let descriptor = open(url.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure() }
    defer { close(descriptor) }
    guard Int(cn_synchronize(descriptor)) == CN_OK else { throw failure() }
  }

  private func makeFolder(_ folder: URL) throws(PACSError) {
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw PACSError(.storage, "\(url.path) cannot be made: \(error.localizedDescription)")
    }
  }

  private func failure() -> PACSError {
    PACSError(
      .storage,
      "the received instances cannot be written to disk in \(url.path): \(String(cString: strerror(errno))). Make room or fix the "
        + "permissions, then repeat the command: it continues where it stopped.")
  }
}

/// Stores instances unchanged, so WITH the patient's identity, as files of one folder.
///
/// A file's name comes from a hash of its SOP instance UID.
public struct FolderSink: InstanceSink {
  private let folder: InstanceFolder

  /// Makes the folder where it is absent.
  ///
  /// - Throws: `PACSError` of kind `.storage`.
  public init(_ url: URL) throws(PACSError) { folder = try InstanceFolder(url) }

  /// The name of an instance's file.
  static func name(_ sopInstanceUID: String) -> String {
    SHA256.hash(data: Data(sopInstanceUID.utf8)).prefix(16).hexadecimal + ".dcm"
  }

  /// Writes the file whole or not at all; one that is there is left as it is.
  public func store(_ instance: ReceivedInstance) throws {
    try folder.write(instance.data, to: Self.name(instance.sopInstanceUID))
  }

  /// Forces the folder's file system to disk.
  public func synchronize() throws { try folder.synchronize() }
}
