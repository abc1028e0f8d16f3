import DICOM
import Foundation
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
    #expect(try instance.encoded() == Self.withElements(instance).encoded())
  }

  private static func withElements(_ instance: CTInstance) -> CTInstance { instance }
}
