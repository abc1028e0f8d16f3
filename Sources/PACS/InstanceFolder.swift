internal import CDIMSE
import Crypto
public import Foundation
import Study

/// A folder that files are written into whole or not at all, each once.
public struct InstanceFolder: Sendable {
  /// Where the files are.
  public let url: URL

  /// Makes the folder where it is absent.
  ///
  /// - Throws: `PACSError` of kind `.storage`.
  public init(_ url: URL) throws(PACSError) {
    self.url = url
    try makeFolder(url)
  }

  /// Writes a file, readable by its owner alone, at a path below the folder; one that is there is left as it is.
  ///
  /// - Throws: `InstanceRefusal` where another file is there, `PACSError` of kind `.storage` where it cannot be written.
  public func write(_ data: Data, to path: String) throws {
    let file = url.appendingPathComponent(path)
    if let present = try? Data(contentsOf: file) {
      guard present == data else {
        throw InstanceRefusal("the folder has another instance with the same SOPInstanceUID")
      }
      return
    }
    let parent = file.deletingLastPathComponent()
    try makeFolder(parent)
    let temporary = parent.appendingPathComponent(".\(UUID().uuidString).partial")
    let descriptor = open(temporary.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure() }
    defer { close(descriptor) }
    do throws(PACSError) {
      try write(data, to: descriptor)
      guard rename(temporary.path, file.path) == 0 else { throw failure() }
    } catch {
      unlink(temporary.path)
      throw error
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

  private func write(_ data: Data, to descriptor: Int32) throws(PACSError) {
    var offset = 0
    while offset < data.count {
      let written = data.withUnsafeBytes { bytes in
        bytes.baseAddress.map { Foundation.write(descriptor, $0 + offset, data.count - offset) } ?? 0
      }
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { throw failure() }
      offset += written
    }
  }

  private func failure() -> PACSError {
    PACSError(
      .storage,
      "a received instance cannot be written to \(url.path): \(String(cString: strerror(errno))). Make room or fix the "
        + "permissions, then repeat the command: it goes on where it was.")
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
