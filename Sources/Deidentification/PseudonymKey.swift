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
  var hexadecimal: String {
    key.withUnsafeBytes { $0.hexadecimal }
  }
}
