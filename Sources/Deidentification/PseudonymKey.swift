import DICOM
public import Foundation
import Support

/// The secret from which a study's pseudonyms, UIDs and date offsets come.
///
/// The same key gives the same patient the same pseudonym at every later retrieval; without it nobody can tell which
/// patient a pseudonym is, nor whether two studies share one.
public struct PseudonymKey: Sendable {
  private let key: HMACKey

  /// Makes a new key from the system's random source.
  public init() { key = HMACKey() }

  /// Takes up a key of 32 bytes, or nil where there is another number of them.
  public init?(bytes: some ContiguousBytes) {
    let key = HMACKey(bytes: bytes)
    guard key.count == 32 else { return nil }
    self.key = key
  }

  /// A name for the key that tells nothing about it, so that a study can notice another key: 16 hexadecimal digits.
  public var fingerprint: String { digest("fingerprint", []).prefix(8).hexadecimal }

  /// The patient's name in the study, such as `RG-7K3M9Q2D`.
  ///
  /// 40 bits in Crockford's base 32: among 1,000 patients two share one with a probability of 1 in 2 million. Two
  /// issuers' patients are two, whatever their IDs.
  public func pseudonym(patientID: String, issuer: String) -> String {
    pseudonym(Patient(id: Array(patientID.utf8), issuer: Array(issuer.utf8)))
  }

  /// What a patient is known by, as it stands in the file: characters that cannot be decoded still tell patients apart.
  struct Patient: Equatable {
    var id: [UInt8]
    var issuer: [UInt8]
  }

  func pseudonym(_ patient: Patient) -> String {
    let bits = digest("patient", [patient.issuer, patient.id]).prefix(5).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return "RG-" + String((0..<8).reversed().map { Self.alphabet[Int(bits >> (5 * UInt64($0)) & 31)] })
  }

  /// The UID that takes the place of another one: `2.25.<128-bit number>`; well-known ones of DICOM (1.2.840.10008)
  /// stay.
  public func uid(_ original: String) -> String {
    guard !original.isEmpty, !DICOMUID.isWellKnown(original) else { return original }
    return DICOMUID.make(fromDigest: digest("uid", [Array(original.utf8)]))
  }

  /// Whether a text is written like a UID (PS3.5 section 9.1).
  static func isUID(_ text: String) -> Bool {
    text.utf8.count <= 64
      && text.split(separator: ".", omittingEmptySubsequences: false)
        .allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
  }

  /// Whether a text is written like a pseudonym.
  static func isPseudonym(_ text: String) -> Bool {
    text.utf8.count == 11 && text.hasPrefix("RG-") && text.dropFirst(3).allSatisfy { alphabet.contains($0) }
  }

  /// Crockford's: no letter that looks like a digit.
  private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")

  /// By how many days a patient's dates move into the past, 1 to 3650.
  func dateOffset(_ patient: Patient) -> Int {
    Int(digest("dates", [patient.issuer, patient.id]).prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) } % 3650) + 1
  }

  /// HMAC-SHA256 over a purpose and texts, each behind its length so that no two lists look alike.
  private func digest(_ purpose: String, _ texts: [[UInt8]]) -> [UInt8] {
    var message: [UInt8] = []
    for text in [Array(purpose.utf8)] + texts {
      withUnsafeBytes(of: UInt64(text.count).littleEndian) { message.append(contentsOf: $0) }
      message.append(contentsOf: text)
    }
    return key.code(for: message)
  }

  /// The key in hexadecimal digits.
  fileprivate var hexadecimal: String {
    key.withUnsafeBytes { $0.hexadecimal }
  }
}

// MARK: The key's file

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
    /// It can be neither read nor made.
    case inaccessible(String, reason: String)

    /// One or more sentences for the person at the terminal.
    public var description: String {
      switch self {
      case .insideStudy:
        "The key must not lie in the folder that it protects: whoever is given the folder could name its patients."
      case .missing(let path):
        "\(path): there is no key. Without the one that the study began with, its patients would come back under other "
          + "pseudonyms, as if they were new ones. Bring it back from a copy."
      case .readableByOthers(let path): "\(path): others can read this key. Run: chmod 600 \(path)"
      case .notAKey(let path): "\(path): this is no key; expected 64 hexadecimal digits. Bring it back from a copy."
      case .inaccessible(let path, let reason): "\(path): \(reason)"
      }
    }
  }

  /// Where a study's key lies if nothing else is said: `~/.config/renalgrade/keys/<name of its folder>.key`.
  public static func defaultURL(for study: URL) -> URL {
    let configuration =
      ProcessInfo.processInfo.environment["XDG_CONFIG_HOME"].flatMap { $0.isEmpty ? nil : URL(fileURLWithPath: $0) }
      ?? FileManager.default.homeDirectoryForCurrentUser.appendingPathComponent(".config")
    return configuration.appendingPathComponent("renalgrade/keys/\(study.standardizedFileURL.lastPathComponent).key")
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
    // Created with its permissions, so that there is no moment at which others can read it, and never over another key.
    let descriptor = Foundation.open(url.path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
    guard descriptor >= 0 else { throw .inaccessible(url.path, reason: String(cString: strerror(errno))) }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    do {
      try file.write(contentsOf: Data(text.utf8))
      try file.synchronize()
    } catch {
      throw .inaccessible(url.path, reason: error.localizedDescription)
    }
  }
}
