import Foundation
import Support

/// Unique identifiers: made by this program, or well known.
public enum DICOMUID {
  /// CT Image Storage.
  public static let ctImageStorage = "1.2.840.10008.5.1.4.1.1.2"
  /// Enhanced CT Image Storage.
  public static let enhancedCTImageStorage = "1.2.840.10008.5.1.4.1.1.2.1"

  /// Whether a UID is one of DICOM's own (PS3.6 Annex A), such as a SOP class; their numbers have no more than four
  /// digits.
  public static func isWellKnown(_ uid: some StringProtocol) -> Bool {
    let parts = uid.split(separator: ".", omittingEmptySubsequences: false)
    let root = ["1", "2", "840", "10008"]
    return parts.count > root.count && zip(parts, root).allSatisfy { $0 == $1 }
      && parts.dropFirst(root.count).allSatisfy {
        (1...4).contains($0.count) && $0.utf8.allSatisfy { (0x30...0x39).contains($0) }
      }
  }

  /// A UID that depends on `name` alone: the same name gives the same UID, two names never do in practice.
  ///
  /// It has the form `2.25.<128-bit number>` (PS3.5 section B.2), the number being a name-based UUID (RFC 9562, version 8)
  /// from the SHA-256 of the name.
  public static func make(from name: String) -> String { make(fromDigest: SHA256.hash(data: Data(name.utf8))) }

  /// A UID of the same form from a digest of at least 16 bytes, of which it takes the first.
  public static func make(fromDigest digest: some Sequence<UInt8>) -> String {
    var bytes = Array(digest.prefix(16))
    bytes[6] = bytes[6] & 0x0F | 0x80
    bytes[8] = bytes[8] & 0x3F | 0x80
    return "2.25." + decimal(bytes)
  }

  /// A big-endian number in decimal digits.
  private static func decimal(_ bytes: [UInt8]) -> String {
    var rest = bytes.map(Int.init)
    var digits: [Character] = []
    while rest.contains(where: { $0 != 0 }) {
      var remainder = 0
      for index in rest.indices {
        let value = remainder * 256 + rest[index]
        rest[index] = value / 10
        remainder = value % 10
      }
      digits.append(Character("\(remainder)"))
    }
    return digits.isEmpty ? "0" : String(digits.reversed())
  }
}
