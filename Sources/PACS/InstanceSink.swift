internal import CDIMSE
public import Foundation
import Crypto
import Study

/// Where received instances go; a de-identifying one stands between the PACS and the disk.
///
/// It is called from several threads at once.
public protocol InstanceSink: Sendable {
  /// Takes one whole instance, and returns once it is stored.
  ///
  /// It may be given an instance that it already has, after an interruption; it then changes nothing.
  /// - Throws: `InstanceRefusal` to set this instance aside and go on; any other error stops the retrieval.
  func store(_ instance: ReceivedInstance) throws

  /// Forces all that was stored to disk. Called before the journal counts those instances.
  func synchronize() throws
}

extension InstanceSink {
  /// Does nothing, for sinks that force each instance to disk by themselves.
  public func synchronize() throws {}
}

/// Why a sink does not take one instance.
public struct InstanceRefusal: Error, CustomStringConvertible, Sendable {
  /// The reason, without any identifier.
  public let description: String

  /// Makes a refusal from its reason.
  public init(_ description: String) { self.description = description }
}

/// Stores instances unchanged, so WITH the patient's identity, as files of one folder.
///
/// A file's name comes from a hash of its SOP instance UID.
public struct FolderSink: InstanceSink {
  /// Where the files are.
  public let folder: URL

  /// Makes the folder where it is absent.
  ///
  /// - Throws: `PACSError` of kind `.storage`.
  public init(_ folder: URL) throws(PACSError) {
    self.folder = folder
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw PACSError(.storage, "\(folder.path) cannot be made: \(error.localizedDescription)")
    }
  }

  /// Where an instance is stored.
  public func url(of sopInstanceUID: String) -> URL {
    let hash = SHA256.hash(data: Data(sopInstanceUID.utf8)).prefix(16).hexadecimal
    return folder.appendingPathComponent("\(hash).dcm")
  }

  /// Writes the file whole or not at all; one that is there is left as it is.
  public func store(_ instance: ReceivedInstance) throws {
    let url = url(of: instance.sopInstanceUID)
    if let present = try? Data(contentsOf: url) {
      guard present == instance.data else {
        throw InstanceRefusal("the folder has another instance with the same SOPInstanceUID")
      }
      return
    }
    let temporary = folder.appendingPathComponent(".\(UUID().uuidString).partial")
    let descriptor = open(temporary.path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
    guard descriptor >= 0 else { throw failure() }
    defer { close(descriptor) }
    do {
      try write(instance.data, to: descriptor)
      guard rename(temporary.path, url.path) == 0 else { throw failure() }
    } catch {
      unlink(temporary.path)
      throw error
    }
  }

  /// Forces the folder's file system to disk.
  public func synchronize() throws {
    let descriptor = open(folder.path, O_RDONLY | O_DIRECTORY)
    guard descriptor >= 0 else { throw failure() }
    defer { close(descriptor) }
    guard Int(cn_synchronize(descriptor)) == CN_OK else { throw failure() }
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
      "a received instance cannot be written to \(folder.path): \(String(cString: strerror(errno))). Make room or fix the "
        + "permissions, then repeat the command: it goes on where it was.")
  }
}
