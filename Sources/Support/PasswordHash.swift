import CCrypto
import Foundation

/// Passwords as they are stored: salted and hashed by scrypt (RFC 7914) of OpenSSL's libcrypto.
public enum PasswordHash {
  // 16 MiB and some 50 ms for each guess (OWASP's password storage cheat sheet allows N = 2^14, r = 8, p = 5).
  private static let (cost, blockSize, parallelism) = (UInt64(1 << 14), UInt64(8), UInt64(5))
  private static let hashBytes = 32

  /// Hashes `password` with a new random salt, as `scrypt$N$r$p$salt$hash` in hexadecimal digits.
  ///
  /// - Throws: `StudyError` of kind `.file` where libcrypto refuses, as for want of memory.
  public static func make(_ password: String) throws(StudyError) -> String {
    let salt = [UInt8].random(count: 16)
    guard let hash = hash(password, salt, cost, blockSize, parallelism) else {
      throw StudyError(.file, "the password cannot be hashed: OpenSSL's scrypt failed; is there too little memory?")
    }
    return "scrypt$\(cost)$\(blockSize)$\(parallelism)$\(salt.hexadecimal)$\(hash.hexadecimal)"
  }

  /// Whether `password` is the one that `stored` was made of; the comparison takes as long for any wrong one.
  ///
  /// What `make` did not write matches no password.
  public static func matches(_ password: String, _ stored: String) -> Bool {
    let fields = stored.split(separator: "$", omittingEmptySubsequences: false)
    guard fields.count == 6, fields[0] == "scrypt", let cost = UInt64(fields[1]), let blockSize = UInt64(fields[2]),
      let parallelism = UInt64(fields[3]), cost <= 1 << 20, blockSize <= 32, parallelism <= 16,
      let salt = [UInt8](hexadecimal: fields[4]), let expected = [UInt8](hexadecimal: fields[5]),
      expected.count == hashBytes, let found = hash(password, salt, cost, blockSize, parallelism)
    else { return false }
    return found.equalsInConstantTime(expected)
  }

  private static func hash(
    _ password: String, _ salt: [UInt8], _ cost: UInt64, _ blockSize: UInt64, _ parallelism: UInt64
  ) -> [UInt8]? {
    // Composed, so that an umlaut typed on another keyboard is the same password.
    let bytes = Array(password.precomposedStringWithCanonicalMapping.utf8).map(CChar.init(bitPattern:))
    var isMade = false
    let hash = [UInt8](unsafeUninitializedCapacity: hashBytes) { buffer, count in
      buffer.initialize(repeating: 0)
      isMade =
        EVP_PBE_scrypt(
          bytes, bytes.count, salt, salt.count, cost, blockSize, parallelism, 64 << 20, buffer.baseAddress, hashBytes)
        == 1
      count = hashBytes
    }
    return isMade ? hash : nil
  }
}

extension [UInt8] {
  /// Bytes of the system's random source, which nobody can predict.
  public static func random(count: Int) -> [UInt8] {
    var source = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: 0...255, using: &source) }
  }

  /// Whether the bytes are equal, in a time that depends on their number alone.
  public func equalsInConstantTime(_ other: [UInt8]) -> Bool {
    count == other.count && CRYPTO_memcmp(self, other, count) == 0
  }

  /// The bytes of hexadecimal digits; nil where the text holds anything else.
  public init?(hexadecimal text: some StringProtocol) {
    let digits = text.utf8.map { Character(UnicodeScalar($0)).hexDigitValue }
    guard digits.count % 2 == 0, !digits.contains(nil) else { return nil }
    self = stride(from: 0, to: digits.count, by: 2).map { UInt8((digits[$0] ?? 0) << 4 | (digits[$0 + 1] ?? 0)) }
  }
}
