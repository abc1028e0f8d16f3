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
      error?.description.contains("is encrypted. Nothing of it was imported; unpack it with its password") == true)
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
    #expect(error?.description.contains("is no whole zip archive") == true)
    #expect(error?.description.contains("P01") == false)
    #expect(try leftovers(test.study) == [])
    #expect(try test.study.read { try Patient.fetchCount($0) } == 0)
  }

  @Test func whatIsNoArchiveIsSaidToBeNone() throws {
    let test = try ImportFolder()
    for contents in [Data(), Data("a text".utf8), Data(repeating: 0, count: 100_000)] {
      try contents.write(to: test.url("file"))
      let error = #expect(throws: StudyError.self) { try test.importDICOM("file") }
      #expect(error?.description.contains("is no whole zip archive") == true)
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
}
