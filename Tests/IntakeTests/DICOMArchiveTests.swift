import DICOM
import Foundation
import GRDB
import Support
import TestSupport
import Testing

@testable import Intake
@testable import Study

/// Zip archives that Python's zipfile wrote, and what is done to them here.
struct DICOMArchiveTests {
  private func fixture(_ name: String) throws -> URL {
    try #require(Bundle.module.url(forResource: "Fixtures/archives/\(name)", withExtension: "zip"))
  }

  private func values(_ study: StudyFolder) throws -> [Float] {
    let records = try study.read { try SliceRecord.order(Column("seriesId"), Column("ordinal")).fetchAll($0) }
    return try records.map { record in
      let image = try DICOMFile.image(at: study.url.appendingPathComponent(record.path), frame: record.frame)
      #expect(Set(image.values).count == 1)
      return image.values[0]
    }
  }

  /// What lies in the study's folder besides the tables.
  private func leftovers(_ study: StudyFolder) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: study.url.path).filter { $0.hasPrefix(".") }
  }

  @Test func aPackedFolderIsTakenAsTheFolderIs() throws {
    let test = try ImportFolder(patientIDs: "codes")
    let summary = try DICOMImport.run(fixture("folder"), into: test.study)
    #expect(summary == .init(patients: 2, series: 2, slices: 5, setAside: 2, identityNotRemoved: false))
    #expect(try values(test.study) == [0, 1, 2, 0, 1])
    // As where the folder itself is given: the patients' folders name those whose PatientID is blank.
    #expect(try test.slices(of: "P01") == 3)
    #expect(try test.slices(of: "Überweisung") == 2)
    #expect(try Set(test.study.setAside().map(\.subject)) == ["notes.txt", "(0010,0020) PatientID"])
    #expect(try test.study.setAside().allSatisfy { try $0.source == fixture("folder").path })
    #expect(try leftovers(test.study) == [])
    let again = try DICOMImport.run(fixture("folder"), into: test.study)
    #expect(again.slices == 0 && again.setAside == 2)
  }

  @Test func sizesMayStandBehindTheData() throws {
    let test = try ImportFolder()
    #expect(try DICOMImport.run(fixture("streamed"), into: test.study).slices == 3)
    #expect(try values(test.study) == [0, 1, 2])
  }

  @Test func noNameLeadsOutOfTheStudy() throws {
    let test = try ImportFolder()
    func everything() throws -> Set<String> {
      let names = try #require(FileManager.default.enumerator(atPath: test.folder.url.path)).compactMap {
        $0 as? String
      }
      return Set(names.filter { !$0.hasPrefix("study/dicom/") })
    }
    let before = try everything()
    let archive = try DICOMArchive(fixture("escaping"), unpackedInto: test.url("scratch"))
    #expect(archive.files.map(\.path) == ["C:/Windows/3.dcm", "a", "absolute/2.dcm", "escaped/1.dcm"])
    #expect(archive.rootName == "escaping")
    #expect(try everything().subtracting(before) == ["scratch", "scratch/1", "scratch/2", "scratch/3", "scratch/4"])
    try FileManager.default.removeItem(at: test.url("scratch"))
    #expect(try DICOMImport.run(fixture("escaping"), into: test.study).slices == 4)
    #expect(try everything() == before)
    #expect(!FileManager.default.fileExists(atPath: "/absolute/2.dcm"))
  }

  @Test func namesOfUnknownEncodingLoseNothing() throws {
    let test = try ImportFolder(patientIDs: "codes")
    var data = try Data(contentsOf: fixture("folder"))
    // Ü in UTF-8 becomes bytes that are none, in the local headers and in the table.
    while let place = data.range(of: Data("Ü".utf8)) { data.replaceSubrange(place, with: [0xC3, 0x28]) }
    try data.write(to: test.url("odd.zip"))
    #expect(try test.importDICOM("odd.zip").slices == 5)
    #expect(try test.slices(of: "P01") == 3)
  }

  @Test func anEncryptedOneIsRefused() throws {
    let test = try ImportFolder()
    let error = #expect(throws: StudyError.self) { try DICOMImport.run(fixture("encrypted"), into: test.study) }
    #expect(
      error?.description.contains("is encrypted. Nothing of it was imported; unpack it with the password") == true)
    #expect(try leftovers(test.study) == [])
  }

  /// Whatever is cut off or changed, either nothing is taken, or what is taken is what was packed.
  @Test func aDamagedOneIsRefusedWhole() throws {
    let test = try ImportFolder()
    let whole = try Data(contentsOf: fixture("folder"))
    let url = test.url("damaged.zip")
    func attempt(_ data: Data) throws -> Int? {
      try data.write(to: url)
      do {
        return try DICOMArchive(url, unpackedInto: test.url("scratch")).files.count
      } catch {
        #expect(error.kind == .file && error.description.contains("Nothing of it was imported"))
        return nil
      }
    }
    #expect(try attempt(whole) == 6)
    for length in stride(from: 0, to: whole.count, by: 61) {
      try? FileManager.default.removeItem(at: test.url("scratch"))
      #expect(try attempt(whole.prefix(length)) == nil, "\(length) of \(whole.count)")
    }
    // In the middle of the first slice's compressed data.
    let name = try #require(whole.range(of: Data("CT 5 mm/IM0".utf8)))
    for offset in stride(from: 30, to: 150, by: 20) {
      try? FileManager.default.removeItem(at: test.url("scratch"))
      var data = whole
      data[name.upperBound + offset] ^= 0xFF
      #expect(try attempt(data) == nil, "byte \(offset)")
    }
    let error = #expect(throws: StudyError.self) { try DICOMImport.run(url, into: test.study) }
    #expect(error?.description.contains("is not a complete zip archive") == true)
    #expect(error?.description.contains("P01") == false)
    #expect(try leftovers(test.study) == [])
    #expect(try test.study.read { try Patient.fetchCount($0) } == 0)
  }

  @Test func whatIsNoArchiveIsSaidToBeNone() throws {
    let test = try ImportFolder()
    for contents in [Data(), Data("a text".utf8), Data(repeating: 0, count: 100_000)] {
      try contents.write(to: test.url("file"))
      let error = #expect(throws: StudyError.self) { try test.importDICOM("file") }
      #expect(error?.description.contains("is not a complete zip archive") == true)
    }
    let absent = #expect(throws: StudyError.self) { try test.importDICOM("absent.zip") }
    #expect(absent?.description.contains("cannot be read") == true)
  }

  @Test func whatAnImportLeftThatWasCutShortIsRemoved() throws {
    let test = try ImportFolder()
    let scratch = test.study.url.appendingPathComponent(".import")
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    try Data("rest".utf8).write(to: scratch.appendingPathComponent("1"))
    #expect(try DICOMImport.run(fixture("streamed"), into: test.study).slices == 3)
    #expect(try leftovers(test.study) == [])
    #expect(try test.study.setAside() == [])
  }

  @Test func aStudyThatCannotBeWrittenIsSaidSo() throws {
    let test = try ImportFolder()
    try Data().write(to: test.url("taken"))
    let error = #expect(throws: StudyError.self) {
      try DICOMArchive(fixture("streamed"), unpackedInto: test.url("taken"))
    }
    #expect(error?.description.contains("cannot make the folder") == true)
  }

  @Test func whatTakesTooMuchIsRefusedBeforeItIsUnpacked() throws {
    let test = try ImportFolder()
    let archive = try fixture("folder")
    func attempt(_ limits: DICOMArchive.Limits) throws -> String? {
      try? FileManager.default.removeItem(at: test.url("scratch"))
      do throws(StudyError) {
        _ = try DICOMArchive(archive, unpackedInto: test.url("scratch"), limits: limits)
        return nil
      } catch {
        #expect(error.description.contains("Nothing of it was imported"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: test.url("scratch").path) == [])
        return error.description
      }
    }
    #expect(try attempt(DICOMArchive.Limits()) == nil)
    #expect(try attempt(.init(ratio: 1, harmless: 0))?.contains("more than 1 times the archive's own size") == true)
    #expect(try attempt(.init(ratio: 1)) == nil)
    #expect(try attempt(.init(freeBytes: { _ in 64 << 20 }))?.contains("64 MiB are free") == true)
    #expect(try attempt(.init(freeBytes: { _ in 0 }))?.contains("make room") == true)
    #expect(try attempt(.init(freeBytes: { _ in nil })) == nil)
  }

  @Test func unpackingIsTold() throws {
    let test = try ImportFolder()
    let seen = Locked<[[Int]]>([])
    _ = try DICOMImport.run(fixture("folder"), into: test.study) { done, count in
      seen.withLock { $0.append([done, count]) }
    }
    #expect(seen.withLock { $0 } == (1...6).map { [$0, 6] })
  }

  @Test func filesOfOneNameAreAllRead() throws {
    let test = try ImportFolder()
    try test.writeSeries("scans", patient: "P1")
    let slices = try (0..<3).map { try Data(contentsOf: test.url("scans/P1-\($0).dcm")) }
    try StoredZip.archive(slices.map { ("P1/same\u{1B}.dcm", $0) }).write(to: test.url("a.zip"))
    #expect(try test.importDICOM("a.zip").slices == 3)
    let archive = try DICOMArchive(test.url("a.zip"), unpackedInto: test.url("scratch"))
    #expect(Set(archive.files.map(\.path)).count == 3)
    #expect(archive.files.first?.path == #"same\u{1B}.dcm"#)
  }
}

/// Zip archives whose members are not compressed (APPNOTE.TXT 6.3, sections 4.3.7, 4.3.12 and 4.3.16).
enum StoredZip {
  static func archive(_ members: [(name: String, data: Data)]) -> Data {
    var (file, table) = (Data(), Data())
    for (text, data) in members {
      let name = Data(text.utf8)
      let size = UInt32(data.count)
      // Version, flags (names in UTF-8), method, time, date, check sum, sizes, lengths of name and extra field.
      var common = bytes([20, 0x800, 0, 0, 0x21] as [UInt16])
      common.append(bytes([checkSum(data), size, size]))
      common.append(bytes([UInt16(name.count), 0]))
      table.append(bytes([0x0201_4B50] as [UInt32]))
      table.append(bytes([20] as [UInt16]))
      table.append(common)
      table.append(bytes([0, 0, 0] as [UInt16]))
      table.append(bytes([0, UInt32(file.count)]))
      table.append(name)
      file.append(bytes([0x0403_4B50] as [UInt32]))
      file.append(common)
      file.append(name)
      file.append(data)
    }
    let count = UInt16(members.count)
    var end = bytes([0x0605_4B50] as [UInt32])
    end.append(bytes([0, 0, count, count]))
    end.append(bytes([UInt32(table.count), UInt32(file.count)]))
    end.append(bytes([0] as [UInt16]))
    return file + table + end
  }

  private static func bytes<T: FixedWidthInteger>(_ values: [T]) -> Data {
    var data = Data()
    for value in values { withUnsafeBytes(of: value.littleEndian) { data.append(contentsOf: $0) } }
    return data
  }

  private static func checkSum(_ data: Data) -> UInt32 {
    var sum = UInt32.max
    for byte in data {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum & 1 == 1 ? (sum >> 1) ^ 0xEDB8_8320 : sum >> 1 }
    }
    return ~sum
  }
}
