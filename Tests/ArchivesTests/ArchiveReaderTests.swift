import Foundation
import TestSupport
import Testing

@testable import Archives

/// Archives that Python's zipfile wrote, as base64, and what is done to them here.
struct ArchiveReaderTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// `folder/`; `folder/größe`, stored, "stored"; `folder/squares`, deflated, i * i % 251 for the first 1,000 integers.
  private static let zip = """
    UEsDBBQAAAAAAAAAIQAAAAAAAAAAAAAAAAAHAAAAZm9sZGVyL1BLAwQUAAAIAAAAACEAC/lDVgYAAAAGAAAADgAAAGZvbGRlci9ncsO2w59lc3Rv
    cmVkUEsDBBQAAAAIAAAAIQArcTVeEQEAAOgDAAAOAAAAZm9sZGVyL3NxdWFyZXNjYGThFJBUMXQITKmcsPLIQ1Y1z7yp+15Ke1WveywfMfmCSOiM
    u5pFe/nj1rPHbBbMOanb9zH6kMFs3pq3qbfCzvufCbgYeS/rc7PoEquz6cxzbG7WKh8rkDlaqn6tx+Xn1mLjD1uqnHguLyx0Fn9xYFZZiInY19uH
    185sL8+MDfZ2dbS3d3T1Do7NLG+fufbw7a9iJiFlsw68EHcuXHiZx6lqywfj4q0/XXquqZcelSk4plx702YOc/pZqyWizZ+z7kVeDDjjfz7sVurb
    Gt7ZBoeiP/bpnswR3BzDvj6Of2+R5t0ZoSIXJkfIP15X7SX9ct/UPE811odHVk6oTAl0MFSRFOBkYWQY9fqo10eK1wFQSwECFAMUAAAAAAAAACEA
    AAAAAAAAAAAAAAAABwAAAAAAAAAAAAAAgAEAAAAAZm9sZGVyL1BLAQIUAxQAAAgAAAAAIQAL+UNWBgAAAAYAAAAOAAAAAAAAAAAAAACAASUAAABm
    b2xkZXIvZ3LDtsOfZVBLAQIUAxQAAAAIAAAAIQArcTVeEQEAAOgDAAAOAAAAAAAAAAAAAACAAVcAAABmb2xkZXIvc3F1YXJlc1BLBQYAAAAAAwAD
    AK0AAACUAQAAAAA=
    """

  /// Four million zeros in one member, packed by bzip2 to 157 bytes.
  private static let bomb = """
    UEsDBC4AAAAMAAAAIQB/KtvPMQAAAAAJPQAFAAAAemVyb3NCWmg5MUFZJlNZ/lTb8wAeo0QAwAAQAAAIIAAwzAmqaaKkhtQqSHi7kinChIfypt+Y
    UEsBAi4DLgAAAAwAAAAhAH8q288xAAAAAAk9AAUAAAAAAAAAAAAAAIABAAAAAHplcm9zUEsFBgAAAAABAAEAMwAAAFQAAAAAAA==
    """

  /// 100,000 zeros in one member, deflated: the most that deflate packs.
  private static let zeros = """
    UEsDBBQAAAAIAAAAIQB9lRHUcgAAAKCGAQAFAAAAemVyb3PtwTEBAAAAwqD1T20ND6AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACAVwNQSwECFAMUAAAACAAAACEAfZUR
    1HIAAACghgEABQAAAAAAAAAAAAAAgAEAAAAAemVyb3NQSwUGAAAAAAEAAQAzAAAAlQAAAAAA
    """

  private let squares = Data((0..<1000).map { UInt8($0 * $0 % 251) })

  private func data(_ base64: String) throws -> Data {
    try #require(Data(base64Encoded: base64, options: .ignoreUnknownCharacters))
  }

  private func url(_ name: String) -> URL { folder.url.appendingPathComponent(name) }

  /// The names and contents of the files of a zip archive, as unpacked.
  private func unpacked(_ zip: Data) throws -> [String: Data] {
    try zip.write(to: url("archive.zip"))
    let archive = try ArchiveReader(url("archive.zip"), .zip)
    var files: [String: Data] = [:]
    while let member = try archive.next() {
      guard member.isFile else { continue }
      let file = url("file")
      unlink(file.path)
      try archive.unpack(to: file, permissions: 0o600)
      files[member.name ?? ""] = try Data(contentsOf: file)
    }
    return files
  }

  @Test func storedAndDeflatedFilesAreUnpacked() throws {
    let files = try unpacked(try data(Self.zip))
    #expect(files == ["folder/größe": Data("stored".utf8), "folder/squares": squares])
    #expect(try unpacked(try data(Self.zeros)) == ["zeros": Data(count: 100_000)])
  }

  @Test func aNameThatIsNotUTF8LosesNothing() throws {
    var zip = try data(Self.zip)
    while let place = zip.range(of: Data("ö".utf8)) { zip.replaceSubrange(place, with: [0xC3, 0x28]) }
    let files = try unpacked(zip)
    #expect(files.count == 2 && files["folder/squares"] == squares)
    #expect(files.values.contains(Data("stored".utf8)))
  }

  @Test func whatUnpacksBeyondMeasureIsRefused() throws {
    let error = #expect(throws: ArchiveError.self) { try unpacked(try data(Self.bomb)) }
    #expect(error?.kind == .tooLarge)
    let size = try FileManager.default.attributesOfItem(atPath: url("file").path)[.size] as? Int
    #expect(try #require(size) <= 1032 * 157)
  }

  /// Many entries of the directory name one and the same deflated member: D Fifield, "A better zip bomb", 2019.
  @Test func membersThatOverlapAreUnpackedOnce() throws {
    let zip = try data(Self.zeros)
    let place = try #require(zip.range(of: Data([0x50, 0x4B, 0x01, 0x02])))
    let end = try #require(zip.range(of: Data([0x50, 0x4B, 0x05, 0x06])))
    let entry = zip[place.lowerBound..<end.lowerBound]
    let count = 200
    var bomb = zip[..<place.lowerBound]
    for _ in 0..<count { bomb += entry }
    var last = Data(zip[end.lowerBound...])
    for offset in [8, 10] { last[offset] = UInt8(count) }
    let size = UInt32(entry.count * count)
    for byte in 0..<4 { last[12 + byte] = UInt8(size >> (8 * UInt32(byte)) & 255) }
    bomb += last
    try Data(bomb).write(to: url("archive.zip"))
    let archive = try ArchiveReader(url("archive.zip"), .zip)
    var unpackedBytes = 0
    while let member = try archive.next() { unpackedBytes += member.size }
    #expect(unpackedBytes == 100_000)
  }

  /// The size that a member states, in its own header and in the directory, decides nothing but whether it is damaged.
  @Test(arguments: [0, 1, 999, 1001, 0x7FFF_FFFF, 0xFFFF_FFF0] as [UInt32])
  func aMemberThatHoldsMoreOrLessThanItStatesIsDamaged(stated: UInt32) throws {
    var zip = try data(Self.zip)
    let bytes = (0..<4).map { UInt8(stated >> (8 * UInt32($0)) & 255) }
    while let place = zip.range(of: Data([0xE8, 0x03, 0, 0])) { zip.replaceSubrange(place, with: bytes) }
    let error = #expect(throws: ArchiveError.self) { try unpacked(zip) }
    #expect(error?.kind == .damaged)
    let size = try FileManager.default.attributesOfItem(atPath: url("file").path)[.size] as? Int
    #expect(try #require(size) <= 1000)
  }

  @Test func aFileIsNeverOverwritten() throws {
    try data(Self.zeros).write(to: url("archive.zip"))
    try Data("mine".utf8).write(to: url("taken"))
    let archive = try ArchiveReader(url("archive.zip"), .zip)
    _ = try archive.next()
    let error = #expect(throws: ArchiveError.self) { try archive.unpack(to: url("taken"), permissions: 0o600) }
    #expect(error?.kind == .cannotWrite && error?.description == "File exists")
    #expect(try Data(contentsOf: url("taken")) == Data("mine".utf8))
  }

  @Test func everyTruncationIsAnError() throws {
    let zip = try data(Self.zip)
    for length in 0..<zip.count {
      let error = #expect(throws: ArchiveError.self, "\(length)") { try unpacked(zip.prefix(length)) }
      #expect(error?.kind == .damaged)
    }
    let absent = #expect(throws: ArchiveError.self) { try ArchiveReader(url("absent"), .zip) }
    #expect(absent?.kind == .damaged)
  }

  /// Its check sums tell whether a member is as it was packed.
  @Test func aDamagedArchiveIsAnErrorOrGivesWhatWasPacked() throws {
    let zip = try data(Self.zip)
    var random = SystemRandomNumberGenerator()
    var refused = 0
    for _ in 0..<1_000 {
      var damaged = zip
      damaged[Int.random(in: 0..<zip.count, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
      do {
        for contents in try unpacked(damaged).values where !contents.isEmpty {
          #expect(contents == squares || contents == Data("stored".utf8))
        }
      } catch is ArchiveError {
        refused += 1
      }
    }
    #expect(refused > 200)
  }

  // MARK: Tar

  /// The header of a member in the format of POSIX.1-1988, of which no more is set than readers ask for.
  private func header(_ name: String, size: Int, type: Character = "0") -> Data {
    var bytes = [UInt8](repeating: 0, count: 512)
    func set(_ text: String, at place: Int) { bytes.replaceSubrange(place..<place + text.utf8.count, with: text.utf8) }
    func octal(_ value: Int, _ digits: Int) -> String {
      let text = String(value, radix: 8)
      return String(repeating: "0", count: digits - text.count) + text
    }
    set(name, at: 0)
    set(octal(0o644, 7), at: 100)
    set(octal(size, 11), at: 124)
    set(String(repeating: " ", count: 8), at: 148)
    set(String(type), at: 156)
    set("ustar\u{0}00", at: 257)
    set(octal(bytes.reduce(0) { $0 + Int($1) }, 6) + "\u{0}", at: 148)
    return Data(bytes)
  }

  private func padded(_ data: Data) -> Data { data + Data(count: (512 - data.count % 512) % 512) }

  private var tar: Data {
    header("folder", size: 0, type: "5") + header("folder/squares", size: 1000) + padded(squares)
      + header("empty", size: 0) + header("last", size: 3) + padded(Data("abc".utf8)) + Data(count: 1024)
  }

  @Test func theFilesOfATarAreFoundWhereTheyLie() throws {
    #expect(ArchiveReader.isTar(tar))
    let files = try ArchiveReader.filesOfTar(in: tar)
    #expect(files.map(\.name) == ["folder/squares", "empty", "last"])
    #expect(files.map { Data(tar[$0.range]) } == [squares, Data(), Data("abc".utf8)])
    #expect(files[0].range.lowerBound == 1024)
  }

  @Test func whatIsNoTarIsSaidToBeNone() throws {
    for contents in [Data(), Data("a text".utf8), Data(count: 10_240), try data(Self.zip)] {
      #expect(!ArchiveReader.isTar(contents))
    }
    #expect(throws: ArchiveError.self) { try ArchiveReader.filesOfTar(in: Data("a text".utf8)) }
  }

  @Test func aTarThatIsCutOffNeverGivesMoreThanIsThere() throws {
    for length in stride(from: 1, to: tar.count, by: 7) {
      guard let files = try? ArchiveReader.filesOfTar(in: tar.prefix(length)) else { continue }
      #expect(files.allSatisfy { $0.range.upperBound <= length })
      for (file, size) in Swift.zip(files, [1000, 0, 3]) { #expect(file.range.count == size) }
    }
    let error = #expect(throws: ArchiveError.self) { try ArchiveReader.filesOfTar(in: tar.prefix(1500)) }
    #expect(error?.kind == .damaged && error?.description == "of a member of 1000 bytes, 476 are there")
  }

  @Test func aDamagedTarIsAnErrorOrLiesInItsBytes() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<1_000 {
      var damaged = tar
      for _ in 0..<2 {
        damaged[Int.random(in: 0..<tar.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      guard let files = try? ArchiveReader.filesOfTar(in: damaged) else { continue }
      #expect(files.allSatisfy { $0.range.lowerBound >= 0 && $0.range.upperBound <= damaged.count })
    }
  }
}
