import Foundation
import Support
import TestSupport
import Testing

/// Known answers of FIPS 180-4's examples (NIST, "Secure Hash Standard: examples with intermediate values") and RFC 4231.
@Suite struct SHA256Tests {
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
    ),
    (String(repeating: "a", count: 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
  ])
  func knownAnswers(message: String, digest: String) throws {
    let data = Data(message.utf8)
    #expect(data.sha256 == digest)
    #expect(SHA256.hash(data: [UInt8](data)).hexadecimal == digest)
    var hash = SHA256()
    for start in stride(from: 0, to: data.count, by: 9973) {
      hash.update(data: data[start..<min(start + 9973, data.count)])
    }
    #expect(hash.finalize().hexadecimal == digest)
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent("message")
    try data.write(to: file)
    #expect(try SHA256.hash(contentsOf: file).hexadecimal == digest)
  }

  @Test func aCopyGoesItsOwnWay() {
    var first = SHA256()
    first.update(data: Data("a".utf8))
    var second = first
    second.update(data: Data("bc".utf8))
    #expect(first.finalize().hexadecimal == Data("a".utf8).sha256)
    first.update(data: Data("b".utf8))
    #expect(first.finalize().hexadecimal == Data("ab".utf8).sha256)
    #expect(second.finalize().hexadecimal == Data("abc".utf8).sha256)
  }

  @Test func aFileThatIsNotThereIsAnError() {
    #expect(throws: (any Error).self) { try SHA256.hash(contentsOf: URL(fileURLWithPath: "/nonexistent/file")) }
  }

  private static let block = [UInt8](repeating: 0xAA, count: 131)

  /// Test cases 1, 2, 3, 4, 6 and 7 of RFC 4231; case 5 is about truncation.
  @Test(arguments: [
    (
      [UInt8](repeating: 0x0B, count: 20), Array("Hi There".utf8),
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    ),
    (
      Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    ),
    (
      [UInt8](repeating: 0xAA, count: 20), [UInt8](repeating: 0xDD, count: 50),
      "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
    ),
    (
      Array(1...25), [UInt8](repeating: 0xCD, count: 50),
      "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
    ),
    (
      block, Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    ),
    (
      block,
      Array(
        ("This is a test using a larger than block-size key and a larger than block-size data. "
          + "The key needs to be hashed before being used by the HMAC algorithm.").utf8),
      "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
    ),
  ])
  func authenticationCodes(key: [UInt8], message: [UInt8], code: String) {
    let key = HMACKey(bytes: key)
    #expect(key.code(for: message).hexadecimal == code)
    #expect(key.code(for: Data(message)).hexadecimal == code)
  }

  @Test func newKeysDiffer() {
    let keys = (0..<10).map { _ in HMACKey() }
    #expect(keys.allSatisfy { $0.count == 32 })
    #expect(Set(keys.map { $0.withUnsafeBytes(Array.init) }).count == 10)
    #expect(HMACKey(bytes: [UInt8](1...32)).withUnsafeBytes(Array.init) == Array(1...32))
    #expect(HMACKey(bytes: [UInt8]()).code(for: [UInt8]()) != HMACKey(bytes: [1]).code(for: [UInt8]()))
  }
}
