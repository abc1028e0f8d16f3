import DICOM
import Foundation
import GRDB
import Support
import TestSupport
import Testing

@testable import Intake
@testable import Study

@Suite struct DICOMImportTests {
  @Test func importingAgainChangesNothing() throws {
    let test = try ImportFolder()
    try test.writeSeries("a", patient: "P01")
    let first = try test.importDICOM("a")
    #expect(first == .init(patients: 1, series: 1, slices: 3, setAside: 0, identityNotRemoved: true))
    let again = try test.importDICOM("a")
    #expect(again == .init(patients: 1, series: 0, slices: 0, setAside: 0, identityNotRemoved: true))
    let copies = try #require(FileManager.default.enumerator(atPath: test.study.dicomFolder.path))
      .compactMap { $0 as? String }.filter { !$0.hasSuffix(".dcm") }
    #expect(copies.count == 2, "the exam's and the series' folders, and no leftover: \(copies)")
  }

  @Test(arguments: ["study", "series", "SOP instance"])
  func aUIDUnderTwoPatientsInTwoImportsExcludesBoth(shared: String) throws {
    let test = try ImportFolder()
    try test.writeSeries("a", patient: "P01")
    try test.writeSeries("b", patient: "P03")
    for index in 0..<3 {
      try test.write(
        "b/P02-\(index).dcm", patient: "P02", exam: shared == "study" ? "P01" : "P02",
        series: shared == "series" ? "P01" : "P02", sop: "\(shared == "SOP instance" ? "P01" : "P02") \(index)",
        z: 20 + 2.5 * Double(index))
    }
    try test.importDICOM("a")
    let summary = try test.importDICOM("b")
    #expect(summary.slices == 3)
    #expect(try ["P01", "P02", "P03"].map(test.slices) == [3, 0, 3])
    #expect(try test.excluded() == ["case-0001", "case-0002"])
    #expect(try test.study.setAside().allSatisfy { $0.reason.contains("this \(shared) belongs to 2 PatientIDs") })
  }

  @Test func aSeriesUnderTwoExamsOfOnePatientIsNotMerged() throws {
    let test = try ImportFolder()
    try test.writeSeries("a", patient: "P01")
    try test.write("b/1.dcm", patient: "P01", exam: "follow-up", series: "P01", sop: "other", z: 50)
    try test.importDICOM("a")
    try test.importDICOM("b")
    #expect(try test.slices(of: "P01") == 3)
    #expect(try test.study.setAside().map(\.reason).contains { $0.hasPrefix("this series belongs to 2 studies") })
  }

  @Test func aReexportedSliceCostsItsPatientOnlyAndIsNotOverwritten() throws {
    let test = try ImportFolder()
    try test.writeSeries("a", patient: "P01")
    try test.importDICOM("a")
    let path = try #require(try test.study.read { try SliceRecord.order(Column("ordinal")).fetchOne($0)?.path })
    let copy = test.study.url.appendingPathComponent(path)
    let before = try Data(contentsOf: copy)
    try test.writeSeries("b", patient: "P01", count: 5)
    try test.write("b/P01-0.dcm", patient: "P01", exam: "P01", series: "P01", sop: "P01 0", z: 0, value: 7)
    try test.writeSeries("b", patient: "P02")
    #expect(try test.importDICOM("b").slices == 3)
    #expect(try ["P01", "P02"].map(test.slices) == [3, 3])
    #expect(try test.excluded() == ["case-0001"])
    let entry = try #require(try test.study.setAside().first)
    #expect(entry.subject == "P01-0.dcm" && entry.reason.contains("with other contents"))
    #expect(try Data(contentsOf: copy) == before)
  }

  @Test func aStudyThatCannotBeWrittenStopsTheImportAndIsAsBefore() throws {
    let test = try ImportFolder()
    try test.writeSeries("a", patient: "P01")
    try FileManager.default.removeItem(at: test.study.dicomFolder)
    try Data().write(to: test.study.dicomFolder)
    let error = #expect(throws: StudyError.self) { try test.importDICOM("a") }
    #expect(error?.kind == .file && error?.description.contains("make room or fix the permissions") == true)
    #expect(error?.description.contains("P01") == false)
    #expect(try test.study.read { try Patient.fetchCount($0) } == 0)
  }

  @Test func orderAndDefectsAreThoseOfTheWholeSeries() throws {
    let test = try ImportFolder()
    for (name, places) in [("a", [5, 0, 2, 1]), ("b", [4, 3])] {
      for place in places {
        try test.write(
          "\(name)/\(place).dcm", patient: "P01", exam: "P01", series: "P01", sop: "P01 \(place)",
          z: 2.5 * Double(place))
      }
    }
    try test.importDICOM("a")
    #expect(try test.study.setAside().map(\.reason).contains { $0.contains("2 slices missing") })
    try test.importDICOM("b")
    let order = try test.study.read { try SliceRecord.order(Column("ordinal")).fetchAll($0) }
    #expect(order.map(\.sopInstanceUID) == (0...5).map { test.uid("P01 \($0)") })
    #expect(order.map(\.ordinal) == Array(0...5))
    #expect(try test.study.setAside() == [], "nothing is missing any more")
    // A part of the series once more: it is judged whole.
    try FileManager.default.removeItem(at: test.url("a/2.dcm"))
    try test.importDICOM("a")
    #expect(try test.study.setAside() == [])
    #expect(try test.study.read { try SliceRecord.order(Column("ordinal")).fetchAll($0) } == order)
  }

  @Test func twoPhasesInTwoImportsUnderOneUIDAreAMixture() throws {
    let test = try ImportFolder()
    try test.writeSeries("a", patient: "P01", count: 4)
    for index in 0..<4 {
      try test.write(
        "b/\(index).dcm", patient: "P01", exam: "P01", series: "P01", sop: "late \(index)", z: 2.5 * Double(index),
        value: 50)
    }
    try test.importDICOM("a")
    #expect(try test.importDICOM("b").slices == 0)
    #expect(try test.slices(of: "P01") == 4)
    #expect(try test.excluded() == ["case-0001"])
    #expect(try test.study.setAside().map(\.reason).contains { $0.contains("two series under one UID") })
  }

  @Test(arguments: [(6, 1), (12, 2), (40, 8)])
  func imagesOverTimeAreLeftAndTheirPatientStays(count: Int, positions: Int) throws {
    let test = try ImportFolder()
    try test.writeSeries("a", patient: "P01", count: 4)
    for index in 0..<count {
      try test.write(
        "a/tracking-\(index).dcm", patient: "P01", exam: "P01", series: "tracking", sop: "tracking \(index)",
        z: 100 + 2.5 * Double(index % positions), value: Int16(index)
      ) {
        $0.elements[.acquisitionNumber] = "\(index / positions + 1)"
      }
    }
    #expect(
      try test.importDICOM("a") == .init(patients: 1, series: 1, slices: 4, setAside: 1, identityNotRemoved: true))
    #expect(try test.excluded() == [])
    let entry = try #require(try test.study.setAside().first)
    #expect(entry.patientCode == "case-0001" && entry.subject == "series \(test.uid("tracking"))")
    #expect(entry.reason.hasPrefix("\(count) slices at \(positions) position"))
    #expect(entry.reason.hasSuffix("as in bolus tracking or perfusion, not a stack"))
    #expect(try test.importDICOM("a").slices == 0, "again, it is the same")
    #expect(try test.study.setAside().count == 1)
  }

  @Test func aPatientWithImagesOverTimeAloneHasNoSlices() throws {
    let test = try ImportFolder()
    for index in 0..<5 {
      try test.write("a/\(index).dcm", patient: "P01", exam: "P01", series: "P01", sop: "\(index)", z: 10)
    }
    #expect(try test.importDICOM("a").slices == 0)
    #expect(try test.slices(of: "P01") == 0)
    #expect(try test.excluded() == [])
  }

  @Test func aCopyThatTheStudyLostIsNamedOrMadeAgain() throws {
    let test = try ImportFolder()
    try test.writeSeries("a", patient: "P01")
    try test.importDICOM("a")
    let path = try #require(try test.study.read { try SliceRecord.order(Column("ordinal")).fetchOne($0)?.path })
    try FileManager.default.removeItem(at: test.study.url.appendingPathComponent(path))
    try test.write("b/3.dcm", patient: "P01", exam: "P01", series: "P01", sop: "P01 3", z: 7.5)
    try test.importDICOM("b")
    #expect(try test.excluded() == ["case-0001"])
    #expect(try test.study.setAside().map(\.reason).contains { $0.contains("can no longer be read; import it again") })
    try test.importDICOM("a")
    #expect(FileManager.default.fileExists(atPath: test.study.url.appendingPathComponent(path).path))
    #expect(try test.excluded() == [])
  }

  @Test func aCorrectedCopyFromElsewhereClearsTheExclusion() throws {
    let test = try ImportFolder()
    try test.writeSeries("wrong", patient: "P01", count: 4)
    try test.write("wrong/large.dcm", patient: "P01", exam: "P01", series: "P01", sop: "large", z: 10) {
      $0.elements[.imageOrientationPatient] = #"0\1\0\0\0\-1"#
    }
    try test.writeSeries("wrong", patient: "P02")
    try Data("no image".utf8).write(to: test.url("wrong/notes.txt"))
    try test.importDICOM("wrong")
    #expect(try test.excluded() == ["case-0001"])
    try test.writeSeries("unrelated", patient: "P02")
    try test.importDICOM("unrelated")
    #expect(try test.excluded() == ["case-0001"], "another patient's files clear nothing")
    try test.writeSeries("right", patient: "P01", count: 4)
    try test.importDICOM("right")
    #expect(try test.excluded() == [])
    #expect(try test.study.setAside().map(\.subject) == ["notes.txt"], "what concerns no patient stays")
    #expect(try test.slices(of: "P01") == 4)
  }

  @Test func noReasonNamesAFileAPatientOrAUID() throws {
    let test = try ImportFolder()
    func canary(_ name: String, sop: String, series: String = "S", z: Double, value: Int16 = 0) throws {
      try test.write(
        "in/\(name)", patient: "SMITH^JOHN", exam: "E", series: series, sop: sop, z: z, value: value)
    }
    for index in 0..<4 { try canary("SMITH_JOHN_\(index).dcm", sop: "\(index)", z: 2.5 * Double(index)) }
    try canary("SMITH_JOHN_copy.dcm", sop: "0", z: 0)
    try canary("SMITH_JOHN_far.dcm", sop: "far", z: 60)
    try test.importDICOM("in")
    try canary("SMITH_JOHN_changed.dcm", sop: "1", z: 2.5, value: 9)
    let whole = try Data(contentsOf: test.url("in/SMITH_JOHN_2.dcm"))
    try whole.prefix(whole.count - 40).write(to: test.url("in/SMITH_JOHN_truncated.dcm"))
    try Data("SMITH JOHN".utf8).write(to: test.url("in/SMITH_JOHN.txt"))
    try test.write("in/SMITH_MR.dcm", patient: "SMITH^JOHN", exam: "E", series: "M", sop: "M", z: 0) {
      $0.elements[.modality] = "MR"
    }
    try test.write("in/SMITH_JOHN_scout.dcm", patient: "SMITH^ANN", exam: "EA", series: "A", sop: "A", z: 0) {
      $0.elements[.imageType] = #"ORIGINAL\PRIMARY\LOCALIZER"#
    }
    try test.write("in/SMITH_NOBODY/1.dcm", patient: "", exam: "EN", series: "N", sop: "N", z: 0)
    try test.write("in/SMITH_ANN.dcm", patient: "SMITH^ANN", exam: "EA", series: "A", sop: "N", z: 0)
    try test.importDICOM("in")
    try test.write("later/SMITH_JOHN.dcm", patient: "SMITH^JOHN", exam: "E", series: "S", sop: "3", z: 7.5, value: 3)
    try test.importDICOM("later")
    _ = try test.importPathology("patient,lesion,grade\nSMITH^JOHN,1,2\nSMITH^PAT,1,3\nSMITH-PAT,1,3\nSMITH^EVE,1,1\n")
    let entries = try test.study.setAside()
    for entry in entries {
      for secret in ["SMITH", "JOHN", "2.25.", ".dcm", ".txt"] {
        #expect(!entry.reason.contains(secret), "\(entry.reason)")
        #expect(entry.patientCode?.contains(secret) != true)
      }
    }
    let reasons = entries.map(\.reason)
    for part in [
      "cut off", "not a DICOM file", "not a CT image", "same contents", "different contents", "other contents",
      "PatientID is empty", "belongs to 2 PatientIDs", "no CT of this row's patient", "two ids",
    ] {
      #expect(reasons.contains { $0.contains(part) }, "\(part) in \(reasons)")
    }
    #expect(entries.contains { $0.subject.contains("SMITH_JOHN_changed.dcm and SMITH_JOHN_1.dcm") })
  }

  @Test func theSystemsMessageLosesTheFilesName() {
    let error = DICOMError(
      .unreadable, file: "SMITH.dcm", "the file cannot be read: The file “SMITH.dcm” couldn’t be opened", advice: "Try")
    #expect(error.problem == "the file cannot be read: The file couldn’t be opened. Try")
    #expect(error.description == "SMITH.dcm: \(error.problem)")
  }

  @Test(arguments: ["implicit", "big-endian", "deflated", "jpeg2000", "rle"])
  func everyEncodingIsTakenWithItsValues(encoding: String) throws {
    let made = protocolsFolder.deletingLastPathComponent().appendingPathComponent("Tests/DICOMTests/Fixtures/made")
    func imported(_ encoding: String) throws -> [Float] {
      let test = try ImportFolder()
      try FileManager.default.createDirectory(at: test.url("a"), withIntermediateDirectories: true)
      try FileManager.default.copyItem(
        at: made.appendingPathComponent("12-signed-\(encoding).dcm"), to: test.url("a/1.dcm"))
      #expect(try test.importDICOM("a").slices == 1)
      #expect(try test.study.setAside().allSatisfy { !$0.excludes })
      let path = try #require(try test.study.read { try SliceRecord.fetchOne($0)?.path })
      return try DICOMFile.image(at: test.study.url.appendingPathComponent(path)).values
    }
    #expect(try imported(encoding) == imported("explicit"))
  }

  @Test func anEnhancedFileIsOneFile() throws {
    let test = try ImportFolder()
    let fixture = protocolsFolder.deletingLastPathComponent()
      .appendingPathComponent("Tests/DICOMTests/Fixtures/made/enhanced-per-frame.dcm")
    let frames = try DICOMFile.attributes(of: fixture).count
    try #require(frames > 1)
    for folder in ["a", "b"] {
      try FileManager.default.createDirectory(at: test.url(folder), withIntermediateDirectories: true)
    }
    try FileManager.default.copyItem(at: fixture, to: test.url("a/1.dcm"))
    try FileManager.default.copyItem(at: fixture, to: test.url("a/2.dcm"))
    #expect(try test.importDICOM("a").slices == frames)
    #expect(try test.study.setAside().map(\.subject).filter { $0.contains("2.dcm") } == ["2.dcm and 1.dcm"])
    try FileManager.default.copyItem(at: fixture, to: test.url("b/1.dcm"))
    #expect(try test.importDICOM("b").slices == 0)
    #expect(try test.excluded() == [])
  }

  @Test(arguments: [("codes", "identifiers"), ("identifiers", "codes")])
  func theMeaningOfPatientIDsCannotChangeAfterAnImport(before: String, after: String) throws {
    let test = try ImportFolder(patientIDs: before)
    func set(_ old: String, _ new: String) throws {
      let text = try String(contentsOf: test.study.protocolFile, encoding: .utf8)
      try AtomicFile.write(
        text.replacingOccurrences(of: "patientIDs: \(old)", with: "patientIDs: \(new)"), to: test.study.protocolFile)
    }
    try set(before, after)
    _ = try test.study.readProtocol()
    try set(after, before)
    try test.writeSeries("a", patient: "P01")
    try test.importDICOM("a")
    try set(before, after)
    for attempt in [{ _ = try test.study.readProtocol() }, { try test.importDICOM("a") }] {
      let error = #expect(throws: StudyError.self) { try attempt() }
      #expect(error?.kind == .invalidProtocol)
      #expect(
        error?.description.contains("pathology.patientIDs is \(after), but the images were imported with \(before)")
          == true)
      #expect(error?.description.contains("make a new study") == true)
    }
    try set(after, before)
    _ = try test.study.readProtocol()
  }

  @Test func aReadOnlyStudyCanBeLookedAt() throws {
    let test = try ImportFolder()
    try test.writeSeries("a", patient: "P01")
    try test.importDICOM("a")
    let study = try StudyFolder(at: test.study.url, readOnly: true)
    #expect(try study.counts().first { $0.name == "slices" }?.count == 3)
    #expect(throws: StudyError.self) { try study.write { try Patient.deleteAll($0) } }
    let bare = test.url("bare")
    try FileManager.default.createDirectory(at: bare, withIntermediateDirectories: true)
    try FileManager.default.copyItem(at: test.study.protocolFile, to: bare.appendingPathComponent("protocol.yaml"))
    #expect(throws: StudyError.self) { try StudyFolder(at: bare, readOnly: true) }
    #expect(!FileManager.default.fileExists(atPath: bare.appendingPathComponent("study.sqlite").path))
  }

  @Test(.enabled(if: geteuid() != 0, "root may write everywhere")) func aFolderWithoutWritePermissionIsReadOnly() throws
  {
    let test = try ImportFolder()
    let path = test.study.url.path
    try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: path)
    defer { try? FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path) }
    let study = try StudyFolder(at: test.study.url)
    #expect(try study.counts().count > 0)
    #expect(throws: StudyError.self) { try study.write { try Patient.deleteAll($0) } }
  }
}
