import DICOM
import Foundation
import TestSupport
import Testing

@testable import Deidentification

/// Whole folders: what is written, what is set aside, and what the check finds.
struct FolderTests {
  let folder: TemporaryFolder
  var source: URL { folder.url.appendingPathComponent("source") }
  var destination: URL { folder.url.appendingPathComponent("destination") }

  init() throws {
    folder = try TemporaryFolder()
    try FileManager.default.createDirectory(at: source, withIntermediateDirectories: true)
  }

  private func write(_ data: Data, _ path: String) throws {
    let url = source.appendingPathComponent(path)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: url)
  }

  @Test func writesByPseudonymAndSetsAside() throws {
    try write(SampleSlice().data(), "Miller_Anna/CT1.dcm")
    try write(SampleSlice([(.sopInstanceUID, .ui, "1.2.3.2")]).data(), "Miller_Anna/deep/er/CT2")
    try write(SampleSlice([(.sopInstanceUID, .ui, "1.2.3.3"), (.patientID, .lo, "")]).data(), "other/CT3")
    try write(SampleSlice().data(), "other/again.dcm")
    try write(Data("notes on the patient".utf8), "19470317/notes.txt")
    try write(SampleSlice([(.burnedInAnnotation, .cs, "YES")]).data(), "shot.dcm")
    var steps: [Int] = []
    let summary = try FolderDeidentification.run(source, to: destination, with: Deidentifier(key: testKey)) {
      done, count in
      #expect(count == 6)
      steps.append(done)
    }
    #expect(steps == Array(1...6))
    #expect(summary.files == 3)
    #expect(summary.exams.values.map(\.files) == [3])
    #expect(summary.withoutPatientID.count == 1)
    #expect(summary.setAside.map(\.place) == ["########/notes.txt", "other/again.dcm", "shot.dcm"])
    #expect(summary.setAside[1].reason.contains("same identifier"))
    #expect(summary.setAside[2].reason.contains("burned-in"))
    let files = try FolderContents.files(below: destination).map(\.path)
    let pseudonym = testKey.pseudonym(patientID: "12345", issuer: "")
    let expected = ["1.2.3", "1.2.3.4", "1.2.3.1"].map(testKey.uid).joined(separator: "/")
    #expect(files.contains("\(pseudonym)/\(expected).dcm"))
    #expect(files.count == 3)
    #expect(try DeidentificationCheck().findings(in: destination).isEmpty)
  }

  /// Names in Latin-1, Shift JIS, a lone byte, one that is cut off, and one with a control character.
  @Test(
    arguments: [
      [0x4D, 0xFC, 0x6C], [0x83, 0x65, 0x83, 0x58], [0xFF], [0x41, 0xC3], [0xC0, 0x80], [0x41, 0x1B, 0x42],
    ]
      as [[UInt8]])
  func aNameOfAnyEncodingIsReadAndChecked(_ bytes: [UInt8]) throws {
    try write(SampleSlice().data(), "odd/CT1.dcm")
    try write(SampleSlice([(.sopInstanceUID, .ui, "1.2.3.2")]).data(), "odd/CT2.dcm")
    func rename(_ path: String) throws {
      let old = source.appendingPathComponent(path)
      let new = old.deletingLastPathComponent().path.utf8.map(CChar.init(bitPattern:)) + [0x2F]
      try #require(Foundation.rename(old.path, new + bytes.map(CChar.init(bitPattern:)) + [0]) == 0)
    }
    try rename("odd/CT2.dcm")
    try rename("odd")
    let findings = try DeidentificationCheck().findings(in: source)
    #expect(!findings.contains { $0.problem == .unreadable })
    #expect(findings.contains { $0.problem == .uid })
    let summary = try FolderDeidentification.run(source, to: destination, with: Deidentifier(key: testKey))
    #expect(summary.files == 2 && summary.setAside.isEmpty, "\(summary.setAside)")
    var known = KnownIdentifiers(options: .init())
    try known.add(originals: source)
    #expect(known.doubts.isEmpty)
  }

  @Test func whatCannotBeListedOrReadIsSetAside() throws {
    try write(SampleSlice().data(), "a.dcm")
    try FileManager.default.createSymbolicLink(
      at: source.appendingPathComponent("to-a-folder"), withDestinationURL: folder.url)
    try FileManager.default.createSymbolicLink(
      at: source.appendingPathComponent("to-nothing"), withDestinationURL: source.appendingPathComponent("absent"))
    try #require(mkfifo(source.appendingPathComponent("pipe").path, 0o600) == 0)
    let summary = try FolderDeidentification.run(source, to: destination, with: Deidentifier(key: testKey))
    #expect(summary.files == 1)
    #expect(summary.setAside.map(\.place) == ["pipe", "to-a-folder", "to-nothing"])
    #expect(summary.setAside[0].reason.contains("a folder or a device"))
  }

  @Test func filesOfNobodyAreCountedByWhatTheyLack() throws {
    let nobody: [(DICOMTag, ValueRepresentation, String)] = [(.patientID, .lo, ""), (.studyInstanceUID, .ui, "")]
    for index in 0..<9 { try write(SampleSlice(nobody).data(), "Miller_Anna/\(index).dcm") }
    try write(Data("a text".utf8), "notes.txt")
    let summary = try FolderDeidentification.run(source, to: destination, with: Deidentifier(key: testKey))
    #expect(summary.files == 0)
    #expect(summary.reasons.map(\.places.count) == [9, 1])
    let reason = try #require(summary.reasons.first).reason
    #expect(reason.contains("neither PatientID nor StudyInstanceUID has a value [(0010,0020) PatientID]"))
    #expect(reason.contains("Give each patient's files a PatientID of their own first"))
    #expect(!summary.reasons.contains { $0.reason.contains("Miller") || $0.places.contains { $0.contains("Miller") } })
    #expect(!FileManager.default.fileExists(atPath: destination.path))
  }

  @Test func anIdentifierUnderTwoPatientsIsWrittenOnce() throws {
    try write(SampleSlice().data(), "a.dcm")
    try write(SampleSlice([(.patientID, .lo, "67890"), (.studyInstanceUID, .ui, "1.2.9")]).data(), "b.dcm")
    let summary = try FolderDeidentification.run(source, to: destination, with: Deidentifier(key: testKey))
    #expect(summary.files == 1)
    #expect(summary.setAside.map(\.place) == ["b.dcm"])
    #expect(summary.setAside.first?.reason.contains("same identifier") == true)
    #expect(try FileManager.default.contentsOfDirectory(atPath: destination.path).count == 1)
  }

  @Test func foldersMustBeApart() throws {
    for inside in [source, source.appendingPathComponent("inner"), folder.url] {
      #expect(throws: DICOMError.self) {
        try FolderDeidentification.run(source, to: inside, with: Deidentifier(key: testKey))
      }
    }
    #expect(throws: DICOMError.self) {
      try FolderDeidentification.run(
        folder.url.appendingPathComponent("absent"), to: destination, with: Deidentifier(key: testKey))
    }
  }

  @Test func checkFindsWhatIsLeft() throws {
    for name in Planted.names { try write(Planted.data(name), name + ".dcm") }
    let findings = try DeidentificationCheck().findings(in: source)
    let problems = Set(findings.map(\.problem))
    #expect(
      problems == [
        .attribute, .personName, .privateAttribute, .graphics, .uid, .preamble, .trailingBytes, .fileMeta, .notStated,
        .suspiciousText,
      ])
    // Every listed attribute of the explicit file, at the top level and in the nested item.
    let attributes = findings.filter { $0.place == "planted-explicit.dcm" && $0.problem != .suspiciousText }
      .compactMap(\.attribute)
    for keyword in ["PatientBirthDate", "ReferringPhysicianName", "InstitutionName", "StudyDescription", "StudyID"] {
      #expect(attributes.filter { $0.hasSuffix(keyword) }.count == 2, "\(keyword)")
    }
  }

  @Test func checkKnowsTheOptions() throws {
    let deidentifier = Deidentifier(key: testKey, options: .study)
    let slice = SampleSlice([
      (.studyDate, .da, "20240301"), (.patientSex, .cs, "F"), (.seriesDescription, .lo, "Portal"),
    ])
    let file = try deidentifier.deidentify(slice.data()).data.parsed()
    #expect(DeidentificationCheck(options: .study).problems(in: file).isEmpty)
    let strict = DeidentificationCheck().problems(in: file)
    #expect(Set(strict.map(\.1)) == [.studyDate, .patientSex, .seriesDescription])
    // An age that names a person.
    let old = SampleSlice([(.patientAge, .as, "094Y"), (.patientIdentityRemoved, .cs, "YES")]).data()
    let ages = try DeidentificationCheck(options: .with { $0.retainsPatientCharacteristics = true }).problems(
      in: old.parsed())
    #expect(ages.contains { $0 == (.attribute, .patientAge) })
    #expect(ages.contains { $0 == (.uid, .mediaStorageSOPInstanceUID) })
    // A date that nobody says was moved.
    var stated = DeidentificationOptions.study
    stated.dates = .full
    let unmoved = try Deidentifier(key: testKey, options: stated).deidentify(slice.data()).data.parsed()
    #expect(DeidentificationCheck(options: .study).problems(in: unmoved).map(\.1) == [.studyDate])
  }

  @Test(arguments: [
    ("4711471.dcm", true), ("Miller_Anna.dcm", true), ("MILLER^ANNA", true), ("MILLER, ANNA", true),
    ("2004-01-31.dcm", true), ("31.01.2004", true), ("MILLER_ANNA", true), ("IM00001.dcm", false),
    ("slice-012.dcm", false), ("series 3", false), ("Portal", false), ("RG-7K3M9Q2D", false), ("RG-12345678", false),
    ("1.2.3.4711471", true), ("1.2.3.4711472.dcm", false), ("CT_ABDOMEN", false),
  ])
  func names(name: String, isSuspicious: Bool) {
    let masked = SuspiciousName.masked(name, known: ["1.2.3.4711472"])
    #expect(masked.isSuspicious == isSuspicious)
    #expect(!isSuspicious || !masked.text.contains { $0.isNumber || $0.isLetter && $0 != "x" })
    #expect(isSuspicious || masked.text == name)
  }

  @Test func checkNamesNoPatient() throws {
    try write(SampleSlice().data(), "Miller_Anna/4711471.dcm")
    try write(Data("a text".utf8), "Miller_Anna/notes.txt")
    try FileManager.default.createSymbolicLink(
      at: source.appendingPathComponent("link.dcm"),
      withDestinationURL: source.appendingPathComponent("Miller_Anna/4711471.dcm"))
    let findings = try DeidentificationCheck().findings(in: source)
    #expect(findings.contains { $0.problem == .fileName && $0.place == "xxxxxx_xxxx/#######.xxx" })
    #expect(findings.contains { $0.problem == .unreadable && $0.place == "xxxxxx_xxxx/notes.txt" })
    #expect(findings.contains { $0.problem == .unreadable && $0.place == "link.dcm" })
    let text = String(decoding: try JSONEncoder().encode(findings), as: UTF8.self)
    #expect(!text.contains("Miller") && !text.contains("4711471") && !text.contains("12345"))
  }
}
