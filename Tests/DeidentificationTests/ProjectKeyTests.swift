import Foundation
import TestSupport
import Testing

@testable import Deidentification

/// Which key is a folder's: two projects never share one by chance, and older projects keep theirs.
struct ProjectKeyTests {
  let folder: TemporaryFolder
  var keys: URL { folder.url.appendingPathComponent("keys") }

  init() throws { folder = try TemporaryFolder() }

  private func scans(_ project: String, hasImages: Bool = false) throws -> URL {
    let url = folder.url.appendingPathComponent("\(project)/scans")
    if hasImages { try addImage(url) }
    return url
  }

  private func addImage(_ scans: URL) throws {
    try FileManager.default.createDirectory(
      at: scans.appendingPathComponent("RG-7K3M9Q2D"), withIntermediateDirectories: true)
  }

  private func open(_ folder: URL, _ file: URL? = nil, makes: Bool = true) throws -> ProjectKey {
    try ProjectKey.open(file, for: folder, makesIfMissing: makes, in: keys)
  }

  /// A key as earlier versions made it: named after the folder.
  private func makeOlderKey() throws -> PseudonymKey {
    try PseudonymKey.open(
      keys.appendingPathComponent("scans.key"), outside: folder.url.appendingPathComponent("x"), makesIfMissing: true)
  }

  @Test func twoProjectsOfOneFolderNameHaveTwoKeys() throws {
    let (one, other) = (try open(try scans("a")), try open(try scans("b")))
    #expect(one.key.fingerprint != other.key.fingerprint && one.url != other.url)
    #expect(one.key.pseudonym(patientID: "1", issuer: "") != other.key.pseudonym(patientID: "1", issuer: ""))
    #expect(one.notice == nil && !one.url.lastPathComponent.contains("scans"))
  }

  @Test func theKeyStaysWithItsFolder() throws {
    let scans = try scans("a")
    let made = try open(scans)
    try addImage(scans)
    #expect(try open(scans).key.fingerprint == made.key.fingerprint)
    #expect(try open(scans, makes: false).key.fingerprint == made.key.fingerprint)
    // Also where it is asked for by another way to the same place, and where it moved along with its identity.
    #expect(try open(scans.appendingPathComponent("../scans/")).key.fingerprint == made.key.fingerprint)
    let moved = folder.url.appendingPathComponent("elsewhere")
    try FileManager.default.moveItem(at: scans, to: moved)
    try FileManager.default.moveItem(at: ProjectKey.identityFile(of: scans), to: ProjectKey.identityFile(of: moved))
    #expect(try open(moved).key.fingerprint == made.key.fingerprint)
  }

  @Test func anOlderProjectKeepsItsKeyAndIsTold() throws {
    let older = try makeOlderKey()
    let scans = try scans("a", hasImages: true)
    for _ in 0..<2 {
      let opened = try open(scans)
      #expect(opened.key.fingerprint == older.fingerprint)
      #expect(opened.notice?.contains("can then be linked") == true)
    }
    #expect(try open(scans, makes: false).key.fingerprint == older.fingerprint)
  }

  @Test func aNewProjectTakesNoOlderKey() throws {
    let older = try makeOlderKey()
    let scans = try scans("b")
    let opened = try open(scans)
    #expect(opened.key.fingerprint != older.fingerprint)
    #expect(opened.notice?.contains("its own key") == true)
    #expect(try open(scans, keys.appendingPathComponent("scans.key")).key.fingerprint == older.fingerprint)
  }

  @Test func aFolderWithImagesNeverGetsANewKey() throws {
    let scans = try scans("a", hasImages: true)
    #expect(throws: PseudonymKey.FileError.self) { try open(scans) }
    #expect(!FileManager.default.fileExists(atPath: keys.path))
    // Neither where its key was lost.
    let other = try self.scans("b")
    let made = try open(other)
    try addImage(other)
    try FileManager.default.removeItem(at: made.url)
    #expect(throws: PseudonymKey.FileError.missing(made.url.path)) { try open(other) }
    #expect(throws: PseudonymKey.FileError.self) { try open(try self.scans("c"), makes: false) }
  }

  @Test(arguments: ["", "# only a comment\n", "../../etc/passwd\n", ".hidden\n", "a/b\n"])
  func aDamagedIdentityIsNamed(text: String) throws {
    let scans = try scans("a", hasImages: true)
    let identity = ProjectKey.identityFile(of: scans)
    try text.write(to: identity, atomically: true, encoding: .utf8)
    #expect(throws: PseudonymKey.FileError.unclearProject(identity.path)) { try open(scans) }
  }

  @Test func leftoversOfKilledRunsGo() throws {
    let scans = try scans("a")
    // Killed between the identity and the key.
    let first = try open(scans)
    try FileManager.default.removeItem(at: first.url)
    try Data("half".utf8).write(to: keys.appendingPathComponent(".x.key.12345678.partial"))
    let parent = scans.deletingLastPathComponent()
    let second = try open(scans)
    #expect(second.url == first.url)
    #expect(try FileManager.default.contentsOfDirectory(atPath: keys.path) == [first.url.lastPathComponent])
    try FileManager.default.removeItem(at: ProjectKey.identityFile(of: scans))
    try Data("ha".utf8).write(to: parent.appendingPathComponent(".scans.key-id.12345678.partial"))
    _ = try open(scans)
    #expect(try FileManager.default.contentsOfDirectory(atPath: parent.path) == ["scans.key-id"])
  }
}
