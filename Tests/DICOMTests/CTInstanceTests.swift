import DICOM
import Foundation
import Imaging
import TestSupport
import Testing

struct CTInstanceTests {
  static func slice(_ number: Int = 0) -> CTInstance {
    CTInstance(
      patientID: "P1", studyInstanceUID: "2.25.1", seriesInstanceUID: "2.25.2", sopInstanceUID: "2.25.3.\(number)",
      columns: 5,
      rows: 3, storedValues: [0, 1, 2, 3, 4, -5, 100, 200, 300, 400, -32768, 32767, 7, 8, 9], rescaleIntercept: -1024,
      position: [-1.5, 2.25, 2.5 * Double(number)], pixelSpacing: PixelSpacing(row: 0.9765625, column: 0.5),
      sliceThickness: 2.5)
  }

  @Test func whatIsWrittenIsRead() throws {
    let folder = try TemporaryFolder()
    let url = folder.url.appendingPathComponent("a.dcm")
    var instance = Self.slice(4)
    instance.elements[.seriesDescription] = "Nephrographic, 2,5 mm – Größe"
    instance.elements[.patientIdentityRemoved] = "YES"
    instance.elements[.contrastBolusStartTime] = "101500"
    try instance.write(to: url)
    let attributes = try #require(try DICOMFile.attributes(of: url).first)
    #expect(attributes.patientID == "P1")
    #expect(attributes.seriesDescription == "Nephrographic, 2,5 mm – Größe")
    #expect(attributes.imagePosition == [-1.5, 2.25, 10])
    #expect(attributes.rowDirection == [1, 0, 0] && attributes.columnDirection == [0, 1, 0])
    #expect(attributes.pixelSpacing == PixelSpacing(row: 0.9765625, column: 0.5))
    #expect(attributes.imageType == ["ORIGINAL", "PRIMARY", "AXIAL"])
    #expect(attributes.patientIdentityRemoved)
    #expect(attributes.contrastStartTime == "101500")
    let image = try DICOMFile.image(at: url)
    #expect(image.values == instance.storedValues.map { Float($0) - 1024 })
  }

  @Test func sameInstanceSameBytes() throws {
    let first = try Self.slice(1).encoded()
    #expect(try Self.slice(1).encoded() == first)
    #expect(try Self.slice(2).encoded() != first)
    let folder = try TemporaryFolder()
    let url = folder.url.appendingPathComponent("a.dcm")
    try Self.slice(1).write(to: url)
    #expect(try Data(contentsOf: url) == first)
  }

  @Test func whatCannotBeWritten() throws {
    let folder = try TemporaryFolder()
    let nowhere = folder.url.appendingPathComponent("absent/a.dcm")
    let error = try #require(throws: DICOMError.self) { try Self.slice().write(to: nowhere) }
    #expect(error.kind == .cannotWrite)
    var short = Self.slice()
    short.storedValues.removeLast()
    #expect(throws: DICOMError.self) { try short.encoded() }
    var unknown = Self.slice()
    unknown.elements[DICOMTag(rawValue: 0x0099_1001)] = "x"
    unknown.elements[.rows] = "77"
    #expect(throws: DICOMError.self) { try unknown.encoded() }
    var anonymous = Self.slice()
    anonymous.elements[.sopInstanceUID] = ""
    #expect(throws: DICOMError.self) { try anonymous.encoded() }
  }

  @Test func decimalsFitInSixteenCharacters() {
    #expect(CTInstance.decimals([1, -2.5, 0.9765625]) == #"1\-2.5\0.9765625"#)
    for number in [1.0 / 3, -200.0 / 7, 1e-7 / 3, -123456789.123456789, 5e20 / 3, -1e15, 0.1 + 0.2] {
      let text = CTInstance.decimals([number])
      #expect(text.count <= 16)
      #expect(Double(text).map { abs($0 - number) <= 1e-8 * abs(number) } == true, "\(text) for \(number)")
    }
  }

  @Test func uidsAreValidAndDistinct() {
    let uids = (0..<1000).map { DICOMUID.make(from: "slice \($0)") }
    #expect(Set(uids).count == 1000)
    #expect(uids.allSatisfy { $0.count <= 64 && $0.wholeMatch(of: /2\.25\.[1-9][0-9]*/) != nil })
    #expect(DICOMUID.make(from: "slice 1") == uids[1])
  }

  @Test func tagsNameThemselves() {
    #expect("\(DICOMTag.seriesInstanceUID)" == "(0020,000E) SeriesInstanceUID")
    #expect(DICOMTag.pixelData > .rows)
  }
}
