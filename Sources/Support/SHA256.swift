import CCrypto
public import Foundation

/// SHA-256 (FIPS 180-4) of bytes that come piece by piece, computed by OpenSSL.
public struct SHA256: Sendable {
  /// The number of bytes of a digest.
  public static let byteCount = 32

  private var context = Context()

  /// Makes a hash of no bytes yet.
  public init() {}

  /// Adds bytes at the end.
  public mutating func update(data: some ContiguousBytes) {
    if !isKnownUniquelyReferenced(&context) { context = Context(copying: context) }
    context.update(data)
  }

  /// The digest of the bytes that were added so far: 32 bytes.
  public func finalize() -> [UInt8] { Context(copying: context).finish() }

  /// The digest of `data`: 32 bytes.
  public static func hash(data: some ContiguousBytes) -> [UInt8] {
    let context = Context()
    context.update(data)
    return context.finish()
  }

  /// The digest of a file's bytes, which are read piece by piece: 32 bytes.
  ///
  /// - Throws: the system's reason where the file cannot be read.
  public static func hash(contentsOf url: URL) throws -> [UInt8] {
    let file = try FileHandle(forReadingFrom: url)
    defer { try? file.close() }
    var hash = SHA256()
    while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty { hash.update(data: piece) }
    return hash.finalize()
  }
}

/// OpenSSL's state of one hash; changed only by the one value that refers to it.
private final class Context: @unchecked Sendable {
  private let pointer: OpaquePointer

  /// Looked up once: a look-up takes longer than the hash of a short text.
  nonisolated(unsafe) private static let algorithm: OpaquePointer = {
    guard let algorithm = EVP_MD_fetch(nil, "SHA256", nil) else {
      fatalError("OpenSSL offers no SHA-256; check its configuration file, openssl.cnf")
    }
    return algorithm
  }()

  init() {
    pointer = Self.allocate()
    Self.require(EVP_DigestInit_ex2(pointer, Self.algorithm, nil))
  }

  init(copying other: Context) {
    pointer = Self.allocate()
    Self.require(EVP_MD_CTX_copy_ex(pointer, other.pointer))
  }

  deinit { EVP_MD_CTX_free(pointer) }

  func update(_ bytes: some ContiguousBytes) {
    bytes.withUnsafeBytes { Self.require(EVP_DigestUpdate(pointer, $0.baseAddress, $0.count)) }
  }

  /// The digest, after which the state is used up.
  func finish() -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: SHA256.byteCount) { bytes, count in
      Self.require(EVP_DigestFinal_ex(pointer, bytes.baseAddress, nil))
      count = SHA256.byteCount
    }
  }

  private static func allocate() -> OpaquePointer {
    guard let pointer = EVP_MD_CTX_new() else { fatalError("no memory is left for a hash") }
    return pointer
  }

  /// None of these calls fails but for want of memory.
  private static func require(_ status: Int32) { precondition(status == 1, "no memory is left for a hash") }
}
