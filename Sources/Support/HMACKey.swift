import CCrypto
public import Foundation

/// A key of HMAC-SHA256 (RFC 2104), which is wiped from memory when the last copy of the value goes.
public struct HMACKey: Sendable {
  private let secret: Secret

  /// Makes a key of 32 bytes from the system's random source.
  public init() {
    var source = SystemRandomNumberGenerator()
    secret = Secret(count: SHA256.byteCount) { bytes in
      for index in bytes.indices { bytes[index] = UInt8.random(in: 0...255, using: &source) }
    }
  }

  /// Takes `bytes` as the key.
  public init(bytes: some ContiguousBytes) {
    secret = bytes.withUnsafeBytes { given in Secret(count: given.count) { $0.copyMemory(from: given) } }
  }

  /// The number of bytes of the key.
  public var count: Int { secret.bytes.count }

  /// Gives `body` the key's bytes, which it must not keep.
  public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try body(UnsafeRawBufferPointer(secret.bytes))
  }

  /// The authentication code of `message`: 32 bytes.
  public func code(for message: some ContiguousBytes) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: SHA256.byteCount) { code, count in
      let result = message.withUnsafeBytes { message in
        HMAC(
          EVP_sha256(), secret.bytes.baseAddress, Int32(secret.bytes.count),
          message.baseAddress?.assumingMemoryBound(to: UInt8.self), message.count, code.baseAddress, nil)
      }
      precondition(result != nil, "OpenSSL offers no HMAC-SHA256; check its configuration file, openssl.cnf")
      count = SHA256.byteCount
    }
  }

  private final class Secret: @unchecked Sendable {
    let bytes: UnsafeMutableRawBufferPointer

    init(count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Void) {
      bytes = .allocate(byteCount: count, alignment: 8)
      fill(bytes)
    }

    deinit {
      OPENSSL_cleanse(bytes.baseAddress, bytes.count)
      bytes.deallocate()
    }
  }
}
