import Foundation
import Support
import Testing

struct PasswordHashTests {
  /// The vectors of RFC 7914, section 12: their first 32 bytes, which PBKDF2 gives whatever follows.
  @Test(arguments: [
    ("", "", "16$1$1", "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"),
    ("password", "NaCl", "1024$8$16", "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"),
    (
      "pleaseletmein", "SodiumChloride", "16384$8$1",
      "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
    ),
  ])
  func thePublishedVectorsMatch(password: String, salt: String, cost: String, hash: String) {
    let stored = "scrypt$\(cost)$\(Array(salt.utf8).hexadecimal)$\(hash)"
    #expect(PasswordHash.matches(password, stored))
    #expect(!PasswordHash.matches(password + "x", stored))
    #expect(!PasswordHash.matches(password, stored.dropLast() + (hash.last == "0" ? "1" : "0")))
  }

  @Test func whatWasMadeMatchesItsPasswordAlone() throws {
    let stored = try PasswordHash.make("correct horse battery")
    #expect(stored.hasPrefix("scrypt$16384$8$5$"))
    #expect(PasswordHash.matches("correct horse battery", stored))
    #expect(!PasswordHash.matches("correct horse batterz", stored))
    #expect(try PasswordHash.make("correct horse battery") != stored, "the salt is new each time")
    // One umlaut, typed in two ways.
    #expect(PasswordHash.matches("u\u{308}bermorgen geht's", try PasswordHash.make("\u{FC}bermorgen geht's")))
  }

  @Test(arguments: [
    "", "x", "scrypt", "scrypt$16384$8$5$00$00", "scrypt$0$8$5$00$" + String(repeating: "00", count: 32),
    "scrypt$1048576$32$16$00$" + String(repeating: "00", count: 32), "scrypt$-1$8$5$00$00",
    "scrypt$16$1$1$zz$" + String(repeating: "00", count: 32), "bcrypt$16$1$1$$" + String(repeating: "00", count: 32),
  ])
  func damagedHashesMatchNothing(stored: String) { #expect(!PasswordHash.matches("", stored)) }
}
