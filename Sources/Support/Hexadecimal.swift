public import Foundation

extension Sequence<UInt8> {
  /// The bytes as lowercase hexadecimal digits, such as a digest's.
  public var hexadecimal: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}

extension Data {
  /// SHA-256 of the bytes, in hexadecimal digits.
  public var sha256: String { SHA256.hash(data: self).hexadecimal }
}
