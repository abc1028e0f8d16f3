public import Foundation
import Support

/// The key of a project: of one folder of de-identified images, whatever it is called.
///
/// Beside the folder lies `FOLDER.key-id`, which names the key and tells nothing of it. The name is random and is given when
/// the folder is first written into, so that two folders called `scans` have two keys and nobody can link their patients.
///
/// Up to version 1 the key's file had the folder's own name. A folder that has pseudonyms by such a key keeps it.
public struct ProjectKey: Sendable {
  /// The key.
  public let key: PseudonymKey
  /// Its file.
  public let url: URL
  /// What the user should know about the key, such as that other folders may share it; nil where there is nothing.
  public let notice: String?

  /// Opens the key in `file`, or, if that is nil, the key that belongs to `folder`.
  ///
  /// - Parameters:
  ///   - file: a key file that the user names; it is made if it is absent and the folder is empty.
  ///   - folder: the folder of de-identified images, which need not exist yet.
  ///   - makesIfMissing: whether an empty or absent folder gets a key; one that holds something never gets another.
  ///   - keys: the folder of all keys.
  /// - Returns: the key, with what is to be told of it.
  /// - Throws: `PseudonymKey.FileError`.
  public static func open(
    _ file: URL?, for folder: URL, makesIfMissing: Bool, in keys: URL = defaultFolder
  ) throws(PseudonymKey.FileError) -> ProjectKey {
    let isEmpty = !holdsAnything(folder)
    if let file {
      let key = try PseudonymKey.open(file, outside: folder, makesIfMissing: makesIfMissing && isEmpty)
      return ProjectKey(key: key, url: file, notice: nil)
    }
    let (name, notice) = try name(for: folder, isEmpty: isEmpty, makesIfMissing: makesIfMissing, keys)
    let url = keys.appendingPathComponent(name + ".key")
    let key = try PseudonymKey.open(url, outside: folder, makesIfMissing: makesIfMissing && isEmpty)
    return ProjectKey(key: key, url: url, notice: notice)
  }

  /// Where keys lie: `~/.config/renalgrade/keys`, or below XDG_CONFIG_HOME where that is set.
  public static var defaultFolder: URL {
    let configuration =
      ProcessInfo.processInfo.environment["XDG_CONFIG_HOME"].flatMap { $0.isEmpty ? nil : URL(fileURLWithPath: $0) }
      ?? FileManager.default.homeDirectoryForCurrentUser.appendingPathComponent(".config")
    return configuration.appendingPathComponent("renalgrade/keys")
  }

  /// The file beside a folder that names its key.
  static func identityFile(of folder: URL) -> URL { folder.standardizedFileURL.appendingPathExtension("key-id") }

  // MARK: Which key

  private static func name(
    for folder: URL, isEmpty: Bool, makesIfMissing: Bool, _ keys: URL
  ) throws(PseudonymKey.FileError) -> (name: String, notice: String?) {
    let identity = identityFile(of: folder)
    let folderName = folder.standardizedFileURL.lastPathComponent
    let older = keys.appendingPathComponent(folderName + ".key")
    let hasOlder = FileManager.default.fileExists(atPath: older.path)
    if FileManager.default.fileExists(atPath: identity.path) {
      let name = try read(identity)
      return (name, name == folderName ? sharedNotice(older) : nil)
    }
    guard isEmpty else {
      guard hasOlder else { throw .missing(older.path) }
      if makesIfMissing { try write(folderName, to: identity) }
      return (folderName, sharedNotice(older))
    }
    guard makesIfMissing else { throw .missing(identity.path) }
    var source = SystemRandomNumberGenerator()
    let name = (0..<8).map { _ in UInt8.random(in: 0...255, using: &source) }.hexadecimal
    try write(name, to: identity)
    let notice =
      "an earlier version made \(older.path) for every folder of this name; this folder has its own key. To continue "
      + "with the older one, remove \(identity.path) and give --key \(older.path)."
    return (name, hasOlder ? notice : nil)
  }

  private static func sharedNotice(_ older: URL) -> String {
    "this folder's pseudonyms come from a key that an earlier version named after the folder, \(older.path). It stays in "
      + "use. Other folders of the same name may use it too, and their patients can then be linked with these: to separate "
      + "them, de-identify or pull again into a new folder."
  }

  private static func read(_ identity: URL) throws(PseudonymKey.FileError) -> String {
    let text: String
    do {
      text = try String(contentsOf: identity, encoding: .utf8)
    } catch {
      throw .inaccessible(identity.path, reason: error.localizedDescription)
    }
    let name = text.split(separator: "\n").first { !$0.hasPrefix("#") }.map { $0.trimmingCharacters(in: .whitespaces) }
    guard let name, !name.isEmpty, !name.contains("/"), !name.hasPrefix(".") else {
      throw .unclearProject(identity.path)
    }
    return name
  }

  private static func write(_ name: String, to identity: URL) throws(PseudonymKey.FileError) {
    let text = """
      # Names the key by which the folder beside this file was de-identified; it tells nothing of the key or the patients.
      # Move it along with the folder.
      \(name)

      """
    do {
      let parent = identity.deletingLastPathComponent()
      try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
      // What killed runs have left; a run that is writing it now would write the same file.
      for leftover in try FileManager.default.contentsOfDirectory(atPath: parent.path)
      where leftover.hasPrefix(".\(identity.lastPathComponent).") && leftover.hasSuffix(".partial") {
        try FileManager.default.removeItem(at: parent.appendingPathComponent(leftover))
      }
      try AtomicFile.write(text, to: identity)
    } catch {
      throw .inaccessible(identity.path, reason: "\(error)")
    }
  }

  private static func holdsAnything(_ folder: URL) -> Bool {
    let contents = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
    return contents?.contains { !$0.hasSuffix(".partial") } ?? FileManager.default.fileExists(atPath: folder.path)
  }
}
