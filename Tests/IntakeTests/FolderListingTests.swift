import DICOM
import Foundation
import GRDB
import Support
import TestSupport
import Testing

@testable import Intake
@testable import Study

/// Folders as they are found: names of any bytes, links of every kind, and what is no file.
struct FolderListingTests {
  private let test: ImportFolder

  init() throws { test = try ImportFolder(patientIDs: "codes") }

  /// Renames an entry to bytes that no `URL` can hold.
  private func rename(_ name: String, to bytes: [UInt8]) throws {
    let from = test.url(name)
    let target = Array(from.deletingLastPathComponent().path.utf8) + [UInt8(ascii: "/")] + bytes + [0]
    let isDone = target.withUnsafeBufferPointer { buffer in
      buffer.withMemoryRebound(to: CChar.self) { $0.baseAddress.map { Foundation.rename(from.path, $0) == 0 } ?? false }
    }
    try #require(isDone, "\(String(cString: strerror(errno)))")
  }

  private func link(_ name: String, to target: String) throws {
    let url = test.url(name)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try #require(symlink(target, url.path) == 0)
  }

  private func listing(_ name: String = "scans") throws -> FolderListing {
    try FolderListing(test.url(name), aliases: test.url("aliases"))
  }

  /// Reasons by path.
  private func failures(_ name: String = "scans") throws -> [String: String] {
    Dictionary(uniqueKeysWithValues: try listing(name).failures.map { ($0.relativePath, $0.reason) })
  }

  private func inode(_ url: URL) throws -> ino_t {
    var status = stat()
    try #require(stat(url.path, &status) == 0)
    return status.st_ino
  }

  private func leftovers() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: test.study.url.path).filter { $0.hasPrefix(".") }
  }

  // MARK: Names

  /// Latin-1, Shift-JIS, a byte alone, a half character of UTF-8, a surrogate: of folders with all below them.
  @Test(
    arguments: [
      [0x4D, 0xFC, 0x6C, 0x6C, 0x65, 0x72], [0x83, 0x65, 0x83, 0x58, 0x83, 0x67], [0xFF], [0x41, 0xC3],
      [0xED, 0xA0, 0x80],
    ] as [[UInt8]])
  func aFolderWhoseNameIsNotUTF8IsReadWithAllBelowIt(bytes: [UInt8]) throws {
    try test.writeSeries("scans/odd/deep/er", patient: "P1")
    try test.writeSeries("scans/plain", patient: "P2")
    try rename("scans/odd/deep", to: bytes)
    try rename("scans/odd", to: bytes)
    let summary = try test.importDICOM("scans")
    #expect(summary.slices == 6 && summary.setAside == 0 && summary.obstacle == nil)
    #expect(try test.slices(of: "P1") == 3)
    #expect(try leftovers() == [])
    #expect(try test.importDICOM("scans").slices == 0)
  }

  @Test func aFileWhoseNameIsNotUTF8IsRead() throws {
    try test.writeSeries("scans", patient: "P1")
    try rename("scans/P1-1.dcm", to: [0xE9, 0x2E, 0x64, 0x63, 0x6D])
    try rename("scans/P1-2.dcm", to: [0xE8, 0x2E, 0x64, 0x63, 0x6D])
    #expect(try test.importDICOM("scans").slices == 3)
    #expect(try listing().files.map(\.path) == ["P1-0.dcm", #"\xE8.dcm"#, #"\xE9.dcm"#])
  }

  @Test func theNameOfSuchAFolderStandsForABlankPatientID() throws {
    for (folder, bytes) in [("a", [0x4D, 0xFC]), ("b", [0x4D, 0xE4])] as [(String, [UInt8])] {
      for index in 0..<2 {
        try test.write(
          "scans/\(folder)/\(index).dcm", patient: "", exam: folder, series: folder, sop: "\(folder) \(index)",
          z: 2.5 * Double(index))
      }
      try rename("scans/\(folder)", to: bytes)
    }
    #expect(try test.importDICOM("scans").patients == 2)
    #expect(try test.slices(of: #"M\xFC"#) == 2)
    #expect(try test.slices(of: #"M\xE4"#) == 2)
  }

  @Test func withoutAPlaceForLinksSuchNamesAreListed() throws {
    try test.writeSeries("scans/odd", patient: "P1")
    try rename("scans/odd", to: [0xFF])
    let scan = try DICOMScan(test.url("scans"))
    #expect(scan.frames.isEmpty && scan.failures.map(\.relativePath) == [#"\xFF"#])
    #expect(scan.failures.first?.reason.contains("not UTF-8") == true)
  }

  @Test func namesThatLookTheSameAreNotTakenForOne() throws {
    try test.writeSeries("scans/e\u{301}", patient: "P1")
    try test.writeSeries("scans/\u{E9}", patient: "P2")
    try #require(try FileManager.default.contentsOfDirectory(atPath: test.url("scans").path).count == 2)
    #expect(try test.importDICOM("scans").slices == 3)
    #expect(try failures().values.first?.contains("looks the same") == true)
  }

  @Test(arguments: ["\u{1B}[31mred", "a\nb", "tab\there", "\u{202E}mcd", "bell\u{7}"])
  func controlCharactersOfANameAreWrittenOut(name: String) throws {
    try test.writeSeries("scans/\(name)", patient: "P1")
    try Data("none".utf8).write(to: test.url("scans/\(name)/notes\u{1B}.txt"))
    #expect(try test.importDICOM("scans").slices == 3)
    let subjects = try test.study.setAside().map(\.subject)
    #expect(subjects.count == 1)
    for scalar in subjects.joined().unicodeScalars { #expect(scalar.value >= 0x20 && scalar.value != 0x202E) }
    #expect(subjects.first?.hasSuffix(#"/notes\u{1B}.txt"#) == true)
  }

  // MARK: Links

  @Test func slicesMayBeLinks() throws {
    try test.writeSeries("annex", patient: "P1", count: 5)
    for index in 0..<5 { try link("scans/P1/\(index).dcm", to: "../../annex/P1-\(index).dcm") }
    let summary = try test.importDICOM("scans")
    #expect(summary.patients == 1 && summary.series == 1 && summary.slices == 5 && summary.setAside == 0)
    #expect(try failures().isEmpty)
  }

  @Test func aFolderMayBeALinkAndIsReadOnce() throws {
    try test.writeSeries("elsewhere/P1", patient: "P1")
    try test.writeSeries("scans/own", patient: "P2")
    try link("scans/a", to: "../elsewhere")
    try link("scans/b", to: "../elsewhere/P1")
    try link("scans/c", to: "own")
    #expect(try test.importDICOM("scans").slices == 6)
    let failures = try failures()
    #expect(failures.keys.sorted() == ["b", "c"])
    #expect(failures.values.allSatisfy { $0.contains("has already been read") })
    #expect(try listing().files.map(\.path).filter { $0.hasPrefix("own/") }.count == 3)
  }

  @Test func circlesAreToldAndEnd() throws {
    try test.writeSeries("scans/P1", patient: "P1")
    try link("scans/P1/up", to: "..")
    try link("scans/P1/self", to: ".")
    try link("scans/above", to: "../..")
    try link("scans/one", to: "two")
    try link("scans/two", to: "one")
    try link("outside/back", to: "../scans")
    try link("scans/outside", to: "../outside")
    let failures = try failures()
    #expect(try listing().files.count == 3)
    for path in ["P1/up", "P1/self", "above"] {
      #expect(failures[path]?.contains("contains it") == true, "\(path): \(failures[path] ?? "")")
    }
    for path in ["one", "two"] { #expect(failures[path]?.contains("part of a circle") == true) }
    #expect(failures["outside/back"]?.contains("has already been read") == true)
    #expect(try test.importDICOM("scans").slices == 3)
  }

  @Test func whatLeadsNowhereAndWhatIsNoFileIsListed() throws {
    try test.writeSeries("scans", patient: "P1")
    try link("scans/gone.dcm", to: "../annex/nothing.dcm")
    try #require(mkfifo(test.url("scans/pipe").path, 0o600) == 0)
    try link("scans/device", to: "/dev/null")
    let failures = try failures()
    #expect(failures["gone.dcm"]?.contains("is missing") == true)
    #expect(failures["pipe"]?.contains("pipe, socket or device") == true)
    #expect(failures["device"]?.contains("link to a pipe, socket or device") == true)
    #expect(try test.importDICOM("scans").setAside == 3)
  }

  @Test func aLinkToAFileThatLiesThereTooIsADuplicate() throws {
    try test.writeSeries("scans", patient: "P1")
    try link("scans/z.dcm", to: "P1-0.dcm")
    #expect(try test.importDICOM("scans").slices == 3)
    #expect(try test.study.setAside().map(\.reason) == ["two files with the same contents; imported once"])
  }

  @Test func theFolderItselfMayBeALink() throws {
    try test.writeSeries("real", patient: "P1")
    try link("scans", to: "real")
    #expect(try test.importDICOM("scans").slices == 3)
  }

  // MARK: Nothing usable

  @Test func anEmptyFolderIsNoSuccess() throws {
    try FileManager.default.createDirectory(at: test.url("scans/a/b"), withIntermediateDirectories: true)
    #expect(try test.importDICOM("scans").obstacle?.hasPrefix("it is empty") == true)
  }

  @Test func aFolderWithNothingUsableIsNoSuccess() throws {
    try FileManager.default.createDirectory(at: test.url("scans"), withIntermediateDirectories: true)
    try Data("none".utf8).write(to: test.url("scans/notes.txt"))
    let obstacle = try #require(try test.importDICOM("scans").obstacle)
    #expect(
      obstacle.contains("no readable CT image") && obstacle.contains("1 other entries")
        && obstacle.contains("notes.txt"))
    // Two patients claim one exam, so that none is taken; what is wrong stands in the study.
    try test.write("claimed/1.dcm", patient: "P1", exam: "E", series: "S", sop: "1", z: 0)
    try test.write("claimed/2.dcm", patient: "P2", exam: "E", series: "S", sop: "2", z: 2.5)
    #expect(try test.importDICOM("claimed").obstacle?.contains("none of its CT images (2) can be used") == true)
    #expect(try test.excluded() == ["P1", "P2"])
    // Localizers alone.
    try test.writeSeries("scouts", patient: "P3") { $0.elements[.imageType] = #"ORIGINAL\PRIMARY\LOCALIZER"# }
    #expect(try test.importDICOM("scouts").obstacle != nil)
    // What the study has already is no failure.
    try test.writeSeries("good", patient: "P4")
    #expect(try test.importDICOM("good").obstacle == nil)
    #expect(try test.importDICOM("good").obstacle == nil)
  }

  @Test func whatIsNeitherFileNorFolderIsSaidSo() throws {
    try #require(mkfifo(test.url("pipe").path, 0o600) == 0)
    let error = #expect(throws: StudyError.self) { try test.importDICOM("pipe") }
    #expect(error?.description.contains("neither a folder nor a file") == true)
    let absent = #expect(throws: StudyError.self) { try test.importDICOM("absent") }
    #expect(absent?.description.contains("cannot be read: No such file") == true)
  }

  // MARK: Imports that were killed

  @Test func whatAKilledImportLeftIsRemovedAndItsCopiesAreKept() throws {
    try test.writeSeries("scans", patient: "P1", count: 4)
    #expect(try test.importDICOM("scans").slices == 4)
    let records = try test.study.read { try SliceRecord.fetchAll($0) }
    let first = test.study.url.appendingPathComponent(try #require(records.first).path)
    let before = try inode(first)
    // The tables as they were before, one copy missing, one half written, and one of other contents.
    try test.study.write { database in
      for table in ["patient", "setAside"] { try database.execute(sql: "DELETE FROM \(table)") }
    }
    try FileManager.default.removeItem(at: test.study.url.appendingPathComponent(records[1].path))
    try Data("half".utf8).write(to: test.study.url.appendingPathComponent(records[2].path))
    let partial = first.deletingLastPathComponent().appendingPathComponent(".x.dcm.01234567.partial")
    try Data("part".utf8).write(to: partial)
    for name in [".import/1", ".cohort/2.25.1/1.dcm", "cohort/.pathology.csv.01234567.partial"] {
      let url = test.study.url.appendingPathComponent(name)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data("rest".utf8).write(to: url)
    }
    #expect(try test.importDICOM("scans").slices == 4)
    #expect(try leftovers() == [])
    #expect(!FileManager.default.fileExists(atPath: partial.path))
    #expect(try FileManager.default.contentsOfDirectory(atPath: test.url("study/cohort").path) == [])
    #expect(try inode(first) == before)
    for record in records {
      #expect(throws: Never.self) {
        try DICOMFile.image(at: test.study.url.appendingPathComponent(record.path), frame: record.frame)
      }
    }
  }
}
