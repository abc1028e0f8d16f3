import Crypto
public import Foundation

extension Sequence<UInt8> {
  /// The bytes as hexadecimal digits, such as a digest's.
  public var hexadecimal: String { map { String(format: "%02x", $0) }.joined() }
}

extension Data {
  /// SHA-256 of the bytes, in hexadecimal digits.
  public var sha256: String { SHA256.hash(data: self).hexadecimal }
}
