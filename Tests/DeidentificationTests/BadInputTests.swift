import DICOM
import Foundation
import Support
import TestSupport
import Testing

@testable import Deidentification

/// Files that are damaged, something else, or built to be misread.
struct BadInputTests {
  private let deidentifier = Deidentifier(key: testKey)

  @Test(arguments: [
    Data(), Data("a text\n".utf8), Data(repeating: 0, count: 4096), Data((0..<5000).map { UInt8($0 * 7 % 251) }),
  ])
  func notDICOM(data: Data) throws {
    let error = try #require(throws: DICOMError.self) { try deidentifier.deidentify(data, name: "bad.dcm") }
    #expect(error.kind == .notDICOM)
    #expect(error.file == "bad.dcm")
  }

  @Test(arguments: [ElementEncoding.explicitLittle, .implicitLittle, .explicitBig])
  func everyTruncationIsRefused(encoding: ElementEncoding) throws {
    var slice = SampleSlice()
    slice.encoding = encoding
    let whole = slice.data()
    #expect(throws: Never.self) { try deidentifier.deidentify(whole) }
    for length in 0..<whole.count {
      #expect(throws: DICOMError.self, "\(length) of \(whole.count)") {
        try deidentifier.deidentify(whole.prefix(length))
      }
    }
  }

  @Test func deflatedTruncationsAreRefused() throws {
    let whole = try Planted.data("planted-deflated")
    for length in stride(from: 200, to: whole.count - 8, by: 97) {
      #expect(throws: DICOMError.self, "\(length)") { try deidentifier.deidentify(whole.prefix(length)) }
    }
    var damaged = whole
    damaged[whole.count / 2] ^= 0xFF
    // Either the stream is broken, or a value is another one; but it never comes through unseen.
    if let result = try? deidentifier.deidentify(damaged) { #expect(Planted.found(in: result.data).isEmpty) }
  }

  @Test func dataSetsWithoutMetaInformation() throws {
    for encoding in [ElementEncoding.explicitLittle, .implicitLittle, .explicitBig] {
      var slice = SampleSlice()
      slice.encoding = encoding
      let whole = slice.data()
      let file = try whole.parsed()
      let metaLength = try #require(file.meta.first).metaGroupLength(file)
      let bare = Data(whole.dropFirst(132 + 12 + metaLength))
      let result = try deidentifier.deidentify(bare)
      #expect(result.data == (try deidentifier.deidentify(whole).data))
    }
  }

  @Test func implicitElementsUnderAnExplicitName() throws {
    var slice = SampleSlice([(.patientName, .pn, "Miller^Anna")])
    slice.encoding = .implicitLittle
    let implicit = slice.data()
    // The same file, but announced as Explicit VR Little Endian, whose UID has two characters more.
    let uid = try #require(implicit.range(of: Data("1.2.840.10008.1.2\0".utf8)))
    var announced = implicit
    announced.replaceSubrange(uid, with: Data("1.2.840.10008.1.2.1\0".utf8))
    announced[uid.lowerBound - 2] = 20
    let result = try deidentifier.deidentify(announced)
    #expect(result.data == (try deidentifier.deidentify(implicit).data))
    #expect(Planted.found(in: result.data, marks: ["Miller"]).isEmpty)
  }

  @Test func sequencesOfUnknownVRAreLookedThrough() throws {
    // AnatomicRegionSequence as UN: its items are implicit little endian (CP-246).
    let name = Array("Miller^Anna ".utf8)
    let inner: [UInt8] = [0x10, 0, 0x10, 0, UInt8(name.count), 0, 0, 0] + name
    let item: [UInt8] = [0xFE, 0xFF, 0, 0xE0, UInt8(inner.count), 0, 0, 0] + inner
    let slice = SampleSlice().adding(DataElement(DICOMTag(rawValue: 0x0008_2218), .un, .bytes(item)))
    let result = try deidentifier.deidentify(slice.data())
    #expect(Planted.found(in: result.data, marks: ["Miller"]).isEmpty)
    #expect(result.audit.count(.patientName, .emptied) == 1)
    // What cannot be read as items goes, in AnatomicRegionSequence and in SourceImageSequence, which the table has.
    for tag in [0x0008_2218, 0x0008_2112].map(DICOMTag.init(rawValue:)) {
      let odd = try deidentifier.deidentify(SampleSlice().adding(DataElement(tag, .un, .bytes(name))).data())
      #expect(odd.audit.count(tag, .unreadable) == 1)
      #expect(Planted.found(in: odd.data, marks: ["Miller"]).isEmpty)
    }
  }

  @Test func textInPlaceOfUIDs() throws {
    let slice = SampleSlice([
      (.sopClassUID, .ui, "1.2.840.10008.Miller"), (.sopInstanceUID, .ui, "Miller.1"),
      (.studyInstanceUID, .ui, "../../Miller"), (.seriesInstanceUID, .ui, "/Miller"),
    ])
    for options in [DeidentificationOptions.basic, .with { $0.retainsUIDs = true }] {
      let result = try Deidentifier(key: testKey, options: options).deidentify(slice.data())
      #expect(Planted.found(in: result.data, marks: ["Miller"]).isEmpty)
      let uids = [result.studyInstanceUID, result.seriesInstanceUID, result.sopInstanceUID]
      #expect(uids.allSatisfy(PseudonymKey.isUID))
    }
    #expect(!PseudonymKey.isUID("") && !PseudonymKey.isUID("1..2") && PseudonymKey.isUID("1.2.3"))
    // A transfer syntax goes into the outcome as it is.
    var data = SampleSlice().data()
    let syntax = try #require(data.range(of: Data("1.2.840.10008.1.2.1\0".utf8)))
    data.replaceSubrange(syntax, with: Data("1.2.840.10008.1.2.Mi".utf8))
    let error = try #require(throws: DICOMError.self) { try deidentifier.deidentify(data) }
    #expect(error.kind == .unsupported)
    #expect(!error.description.contains("Mi"))
  }

  @Test func theSecondOfTwoElementsGoes() throws {
    let slice = SampleSlice([(.manufacturer, .lo, "MAKER")]).adding(DataElement(.manufacturer, .lo, "Miller"))
    let result = try deidentifier.deidentify(slice.data())
    #expect(try result.data.text(0x0008_0070) == "MAKER")
    #expect(Planted.found(in: result.data, marks: ["Miller"]).isEmpty)
  }

  @Test func deepNestingIsRefusedNotFatal() throws {
    var element = DataElement(.patientName, .pn, "Miller^Anna")
    for _ in 0..<2000 { element = DataElement(DICOMTag(rawValue: 0x0008_2218), .sq, .items([[element]])) }
    let data = SampleSlice().adding(element).data()
    // Its length says where it ends, so that the rest of the file can be read without it.
    let result = try deidentifier.deidentify(data)
    #expect(Planted.found(in: result.data, marks: ["Miller"]).isEmpty)
  }

  @Test func imageWithoutPixels() throws {
    var slice = SampleSlice()
    slice.elements.removeAll { $0.tag == .pixelData }
    let error = try #require(throws: DICOMError.self) { try deidentifier.deidentify(slice.data()) }
    #expect(error.kind == .truncated)
    #expect(error.tag == .pixelData)
  }

  @Test func missingFilesAndFolders() throws {
    let folder = try TemporaryFolder()
    let absent = folder.url.appendingPathComponent("absent.dcm")
    let error = try #require(throws: DICOMError.self) { try deidentifier.deidentify(file: absent, to: absent) }
    #expect(error.kind == .unreadable)
    let url = folder.url.appendingPathComponent("in.dcm")
    try SampleSlice().data().write(to: url)
    let nowhere = folder.url.appendingPathComponent("no/out.dcm")
    let writing = try #require(throws: DICOMError.self) { try deidentifier.deidentify(file: url, to: nowhere) }
    #expect(writing.kind == .cannotWrite)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["in.dcm"])
  }

  @Test(.timeLimit(.minutes(15)))
  func mutatedFilesNeverLeak() throws {
    var random = SplitMix64(seed: 7)
    let original = try Planted.data("planted-explicit")
    // The marks of texts only: a changed length can make a number a part of another attribute's value.
    var passed = 0
    for _ in 0..<300 {
      var data = original
      for _ in 0..<Int.random(in: 1...12, using: &random) {
        data[Int.random(in: 132..<data.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      guard let result = try? deidentifier.deidentify(data) else { continue }
      passed += 1
      #expect(Planted.found(in: result.data, marks: ["Planted^", "19470317"]).isEmpty)
    }
    #expect(passed > 0)
  }
}

extension DataElement {
  /// The value of FileMetaInformationGroupLength.
  fileprivate func metaGroupLength(_ file: DataSet) -> Int {
    file.value(of: self).reversed().reduce(0) { $0 << 8 | Int($1) }
  }
}
