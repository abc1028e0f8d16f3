import Foundation
import Imaging
import Testing

@testable import DICOM

/// Numbers are checked where they enter: understood, or unknown and said so.
struct HeaderNumbersTests {
  @Test(
    arguments: [
      ("0.8\\0.8 ", [0.8, 0.8], false), ("0,800\\0,800", [0.8, 0.8], true),
      ("-25,00\\-25,00\\0,00", [-25, -25, 0], true),
      ("-25,000\\0,000\\1,5", [-25, 0, 1.5], true), ("1,5e1", [15], true), ("-1024,000", [-1024], true),
      (" 1,25 \\ 2 ", [1.25, 2], true), ("+,5\\1,0", nil, false), ("1e30", [1e30], false),
      // A thousand and twenty-four, or a little more than one: nobody can tell.
      ("1,024", nil, false), ("-1,024", nil, false), ("1,024\\2,048", nil, false), ("1.234,5", nil, false),
      ("1,2,3", nil, false), ("0x10", nil, false), ("nan", nil, false), ("inf", nil, false), ("1 2", nil, false),
      ("1\\", nil, false), (",", nil, false), ("1e999", nil, false), ("MUSTERMANN", nil, false),
    ] as [(String, [Double]?, Bool)])
  func decimalCommas(_ text: String, _ numbers: [Double]?, _ hasCommas: Bool) {
    let read = NumberText(Array(text.utf8)[...])
    #expect(read?.numbers == numbers)
    #expect((read?.hasDecimalCommas ?? false) == hasCommas)
  }

  private func attributes(_ changes: [DataElement]) throws -> CTAttributes {
    try #require(try DICOMFile.attributes(of: CTInstance.small().encoded(changes), name: "slice").first)
  }

  @Test(arguments: [
    ValueRepresentation.ut, .lo, .ob, .ow, .un, .sh, .st, .us, .is,
  ])
  func aKnownAttributeUnderAnotherVRIsRead(_ vr: ValueRepresentation) throws {
    let header = try attributes([
      DataElement(.pixelSpacing, vr, "0.75\\0.5"), DataElement(.sliceThickness, vr, "2.50 "),
    ])
    #expect(header.pixelSpacing == PixelSpacing(row: 0.75, column: 0.5))
    if vr != .us { #expect(header.sliceThickness == 2.5) }
    #expect(header.flaws == [] || vr == .us)
  }

  @Test func binaryNumbersUnderOtherVRsAreRead() throws {
    func doubles(_ values: [Double]) -> DataElement.Value {
      .bytes(values.flatMap { withUnsafeBytes(of: $0) { Array($0) } })
    }
    let header = try attributes([
      DataElement(.pixelSpacing, .fd, doubles([0.75, 0.5])),
      DataElement(.imagePositionPatient, .fd, doubles([1, 2, 3])),
      DataElement(.rows, .is, "4"), DataElement(.columns, .ob, .bytes([4, 0])),
    ])
    #expect(header.pixelSpacing == PixelSpacing(row: 0.75, column: 0.5) && header.imagePosition == [1, 2, 3])
    #expect(header.rows == 4 && header.columns == 4 && header.flaws == [])
  }

  @Test(arguments: [
    (DICOMTag.imagePositionPatient, "0\\0\\1e30"), (.imagePositionPatient, "0\\10000.1\\0"),
    (.imagePositionPatient, "0\\0"),
    (.imagePositionPatient, "0\\0\\nan"), (.imagePositionPatient, "1,024\\2,048\\3,072"),
    (.imageOrientationPatient, "1\\0\\0\\1\\0\\0"), (.imageOrientationPatient, "2\\0\\0\\0\\1\\0"),
    (.imageOrientationPatient, "1\\0\\0"), (.pixelSpacing, "0\\0"), (.pixelSpacing, "-1\\1"), (.pixelSpacing, "1e9\\1"),
    (.pixelSpacing, "0.8"), (.sliceThickness, "-2"), (.sliceThickness, "1e300"), (.gantryDetectorTilt, "720"),
  ])
  func whatCannotBeRightIsUnknownAndNoted(_ tag: DICOMTag, _ value: String) throws {
    let header = try attributes([DataElement(tag, .ds, value)])
    let flaw = try #require(header.flaws.first)
    #expect(header.flaws.count == 1 && flaw.tag == tag)
    #expect(flaw.found == (value.contains("nan") ? "something other than numbers" : value))
    #expect(flaw.isOfPlace == (tag == .imagePositionPatient || tag == .imageOrientationPatient))
    let known: [DICOMTag: Bool] = [
      .imagePositionPatient: header.imagePosition != nil, .imageOrientationPatient: header.rowDirection != nil,
      .pixelSpacing: header.pixelSpacing != nil, .sliceThickness: header.sliceThickness != nil,
      .gantryDetectorTilt: header.gantryTilt != nil,
    ]
    #expect(known[tag] == false)
  }

  @Test func theBordersThemselvesAreIn() throws {
    let header = try attributes([
      DataElement(.imagePositionPatient, .ds, "-10000\\10000\\0"), DataElement(.pixelSpacing, .ds, "100\\0.001"),
      DataElement(.sliceThickness, .ds, "1000"),
    ])
    #expect(header.flaws == [] && header.imagePosition == [-10000, 10000, 0] && header.sliceThickness == 1000)
  }

  @Test func aFlawNamesNobody() throws {
    let header = try attributes([DataElement(.pixelSpacing, .lo, "MUSTERMANN^ERIKA")])
    #expect(header.flaws.map(\.found) == ["something other than numbers"])
  }

  @Test(arguments: [
    "HU", "hu", "Hu ", "H.U.", "H U", "US", "HU_MOD", "Hounsfield", "Hounsfield Unit", "HOUNSFIELD UNITS",
    "hounsfield_units",
    "Hounsfield-Einheiten", "Unidades Hounsfield", "Unités Hounsfield", "Unspecified", "CT Number",
  ])
  func wordsForHU(_ type: String) { #expect(RescaleUnit.isHounsfield(type)) }

  @Test(arguments: ["OD", "MGML", "Z_EFF", "ED", "EDW", "PCT", "mg/ml", "Not HU", "HUU", "keV", "", "W/m2"])
  func otherUnitsAreNoHU(_ type: String) { #expect(!RescaleUnit.isHounsfield(type)) }

  @Test(arguments: ["1,024", "-1,024", "1e7", "nan", ""])
  func anInterceptThatIsNotUnderstoodIsRefused(_ intercept: String) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("renalgrade-\(UUID().uuidString).dcm")
    defer { try? FileManager.default.removeItem(at: folder) }
    try CTInstance.small().encoded([DataElement(.rescaleIntercept, .ds, intercept)]).write(to: folder)
    let error = #expect(throws: DICOMError.self) { try DICOMFile.image(at: folder) }
    #expect(error?.tag == .rescaleIntercept)
  }

  @Test(
    arguments: [
      ("01", "", "JPEG", "LossyImageCompression is 01"),
      ("01", "5\\2", "", "LossyImageCompression is 01, at 10.0 to 1"),
      ("", "", "DERIVED\\PRIMARY\\AXIAL\\LOSSY", "ImageType says so"),
      ("", "", "DERIVED\\SECONDARY\\COMPRESSED_LOSSY", "ImageType says so"),
      ("00", "", "ORIGINAL\\PRIMARY\\LOSSLESS", nil),
      ("", "12", "ORIGINAL\\PRIMARY", nil), ("", "", "", nil),
    ] as [(String, String, String, String?)])
  func lossyCompressionIsFound(_ flag: String, _ ratio: String, _ type: String, _ expected: String?) throws {
    let header = try attributes([
      DataElement(.lossyImageCompression, .cs, flag), DataElement(.lossyImageCompressionRatio, .ds, ratio),
      DataElement(.imageType, .cs, type),
    ])
    #expect(header.lossyCompression == expected)
  }
}
