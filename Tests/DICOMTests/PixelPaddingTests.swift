import Foundation
import TestSupport
import Testing

@testable import DICOM

/// Padding is air (-1000 HU or less), however the file says what it is.
struct PixelPaddingTests {
  /// HU of a slice of 4 x 4 pixels, with these elements besides.
  private func hu(
    _ stored: [Int], isSigned: Bool, bitsStored: Int = 16, intercept: Int = -1024,
    as encoding: ElementEncoding = .explicitLittle, _ padding: [DataElement]
  ) throws -> [Float] {
    let folder = try TemporaryFolder()
    let url = folder.url.appendingPathComponent("slice.dcm")
    let pixels = stored.flatMap { value -> [UInt8] in
      let bits = UInt16(truncatingIfNeeded: value)
      return [UInt8(bits & 0xFF), UInt8(bits >> 8)]
    }
    let changes: [DataElement] =
      [
        .word(.pixelRepresentation, .us, isSigned ? 1 : 0), .word(.bitsStored, .us, bitsStored),
        .word(.highBit, .us, bitsStored - 1), DataElement(.rescaleIntercept, .ds, "\(intercept)"),
        DataElement(.pixelData, .ow, .bytes(pixels)),
      ] + padding
    try CTInstance.small().encoded(changes, as: encoding).write(to: url)
    return try DICOMFile.image(at: url).values
  }

  /// Tissue of 40 HU with padding in the corners, and a pixel of it within.
  private func corners(_ padding: Int, tissue: Int = 1064) -> [Int] {
    var pixels = Array(repeating: tissue, count: 16)
    for corner in [0, 3, 12, 15] { pixels[corner] = padding }
    return pixels
  }

  private let expected: [Float] = (0..<16).map { [0, 3, 12, 15].contains($0) ? -1000 : 40 }

  @Test(arguments: [ValueRepresentation.us, .ss, .ow, .un, .ob])
  func unsignedPaddingInAnyVR(_ vr: ValueRepresentation) throws {
    #expect(try hu(corners(63536), isSigned: false, [.word(.pixelPaddingValue, vr, 63536)]) == expected)
  }

  @Test(arguments: ["-2000", "63536", " 63536 "])
  func paddingInCharacters(_ text: String) throws {
    #expect(try hu(corners(63536), isSigned: false, [DataElement(.pixelPaddingValue, .is, text)]) == expected)
  }

  @Test(arguments: [ValueRepresentation.us, .ss])
  func signedPaddingOfHighValue(_ vr: ValueRepresentation) throws {
    #expect(
      try hu(corners(32767, tissue: 40), isSigned: true, intercept: 0, [.word(.pixelPaddingValue, vr, 32767)])
        == expected)
  }

  @Test func implicitEncodingDoesNotStateTheVR() throws {
    #expect(
      try hu(corners(63536), isSigned: false, as: .implicitLittle, [.word(.pixelPaddingValue, .us, 63536)]) == expected)
  }

  @Test func whatIsDarkerThanAirStays() throws {
    let values = try hu(
      corners(-2000, tissue: 40), isSigned: true, intercept: 0, [.word(.pixelPaddingValue, .us, -2000)])
    #expect(values[0] == -2000 && values[5] == 40)
  }

  @Test(arguments: [(63000, 64000), (64000, 63000)])
  func aRangeHasBothEndsIn(first: Int, last: Int) throws {
    var pixels = corners(63000)
    (pixels[3], pixels[12], pixels[15]) = (64000, 63500, 64001)
    let values = try hu(
      pixels, isSigned: false, [.word(.pixelPaddingValue, .us, first), .word(.pixelPaddingRangeLimit, .ss, last)])
    #expect(values[0] == -1000 && values[3] == -1000 && values[12] == -1000 && values[15] == 64001 - 1024)
  }

  @Test func ofAValueThatTissueHasOnlyTheBorderIsPadding() throws {
    var pixels = corners(1024)
    // Within, and joined to a corner by a way along the pixels.
    pixels[5] = 1024
    pixels[1] = 1024
    let values = try hu(pixels, isSigned: false, [.word(.pixelPaddingValue, .us, 1024)])
    #expect([0, 1, 3, 5, 12, 15].map { values[$0] } == Array(repeating: -1000, count: 6))
    pixels[1] = 1064
    #expect(try hu(pixels, isSigned: false, [.word(.pixelPaddingValue, .us, 1024)])[5] == 0)
  }

  @Test func bitsAboveThoseThatCountTellPaddingFromTissue() throws {
    // 0xF830 without its upper bits is 2096: 1072 HU, which bone has, too.
    var pixels = corners(0xF830)
    pixels[5] = 0x0830
    let values = try hu(pixels, isSigned: false, bitsStored: 12, [.word(.pixelPaddingValue, .ss, -2000)])
    #expect(values[0] == -1000 && values[5] == 1072)
  }

  @Test func withoutTheAttributeNothingIsPadding() throws {
    #expect(try hu(corners(63536), isSigned: false, [])[0] == 62512)
    #expect(try hu(corners(63536), isSigned: false, [DataElement(.pixelPaddingValue, .us, .bytes([]))])[0] == 62512)
  }

  @Test func aPartOfTheSliceHasThePaddingOfTheWhole() throws {
    let folder = try TemporaryFolder()
    let url = folder.url.appendingPathComponent("slice.dcm")
    let pixels = corners(63536).flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    try CTInstance.small().encoded([
      .word(.pixelRepresentation, .us, 0), DataElement(.rescaleIntercept, .ds, "-1024"),
      DataElement(.pixelData, .ow, .bytes(pixels)), .word(.pixelPaddingValue, .us, 63536),
    ]).write(to: url)
    let image = try DICOMFile.image(at: url)
    #expect(image.values(rows: 2..<4, columns: 1..<4) == [40, 40, 40, 40, 40, -1000])
  }

  @Test(arguments: ["MUSTERMANN", "1.5", "1e9"])
  func paddingThatIsNotUnderstoodIsNoted(_ text: String) throws {
    let data = try CTInstance.small().encoded([DataElement(.pixelPaddingValue, .lo, text)])
    let flaws = try #require(try DICOMFile.attributes(of: data, name: "slice").first).flaws
    #expect(flaws.map(\.tag) == [.pixelPaddingValue] && flaws[0].found.contains("MUSTER") == false)
  }
}
