import Foundation
import TestSupport
import Testing

@testable import Deidentification

/// Where keys lie, and what happens to those that lie badly.
struct PseudonymKeyTests {
  let folder: TemporaryFolder
  var study: URL { folder.url.appendingPathComponent("study") }
  var file: URL { folder.url.appendingPathComponent("keys/study.key") }

  init() throws {
    folder = try TemporaryFolder()
    try FileManager.default.createDirectory(at: study, withIntermediateDirectories: true)
  }

  @Test func isMadeOnceAndReadAgain() throws {
    let made = try PseudonymKey.open(file, outside: study, makesIfMissing: true)
    let read = try PseudonymKey.open(file, outside: study, makesIfMissing: false)
    #expect(made.fingerprint == read.fingerprint)
    #expect(made.pseudonym(patientID: "1", issuer: "") == read.pseudonym(patientID: "1", issuer: ""))
    #expect(made.fingerprint != PseudonymKey().fingerprint)
    let permissions = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
    #expect(permissions == 0o600)
    let text = try String(contentsOf: file, encoding: .utf8)
    #expect(text.contains("if it is lost"))
    #expect(!text.contains(made.fingerprint))
  }

  @Test func neverInsideTheStudy() throws {
    for url in [study.appendingPathComponent("a.key"), study.appendingPathComponent("deep/../b.key"), study] {
      #expect(throws: PseudonymKey.FileError.insideStudy) {
        try PseudonymKey.open(url, outside: study, makesIfMissing: true)
      }
    }
    let link = folder.url.appendingPathComponent("link")
    try FileManager.default.createSymbolicLink(at: link, withDestinationURL: study)
    #expect(throws: PseudonymKey.FileError.insideStudy) {
      try PseudonymKey.open(link.appendingPathComponent("c.key"), outside: study, makesIfMissing: true)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: study.path).isEmpty)
  }

  @Test func aLostKeyIsNotReplaced() throws {
    #expect(throws: PseudonymKey.FileError.missing(file.path)) {
      try PseudonymKey.open(file, outside: study, makesIfMissing: false)
    }
    #expect(!FileManager.default.fileExists(atPath: file.path))
  }

  @Test func badKeyFiles() throws {
    _ = try PseudonymKey.open(file, outside: study, makesIfMissing: true)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file.path)
    #expect(throws: PseudonymKey.FileError.readableByOthers(file.path)) {
      try PseudonymKey.open(file, outside: study, makesIfMissing: true)
    }
    for text in ["", "# a comment\n", "abc\n", String(repeating: "g", count: 64), String(repeating: "a", count: 66)] {
      try text.write(to: file, atomically: false, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
      #expect(throws: PseudonymKey.FileError.notAKey(file.path)) {
        try PseudonymKey.open(file, outside: study, makesIfMissing: true)
      }
    }
    let below = file.appendingPathComponent("below.key")
    #expect(throws: PseudonymKey.FileError.self) { try PseudonymKey.open(below, outside: study, makesIfMissing: true) }
  }

  @Test func knownAnswers() {
    // hmac.new(bytes(range(32)), ...) of Python's standard library, over the texts behind their lengths.
    #expect(testKey.pseudonym(patientID: "12345", issuer: "HOSPITAL") == "RG-5SFMQDW8")
    #expect(testKey.uid("1.2.3") == "2.25.336006600246269544752852400795246045209")
    #expect(PseudonymKey(bytes: [1, 2, 3]) == nil)
  }
}
