import Foundation

extension Sequence<UInt8> {
  /// The bytes as hexadecimal digits, such as a digest's.
  public var hexadecimal: String { map { String(format: "%02x", $0) }.joined() }
}
