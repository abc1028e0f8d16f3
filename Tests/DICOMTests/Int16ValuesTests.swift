import Foundation
import Support
import TestSupport
import Testing

@testable import DICOM

/// Slices in 16-bit integers, as the annotation page gets them, have the very HU of the image.
struct Int16ValuesTests {
  private func hounsfield(_ image: CTImage) -> [Float]? {
    image.int16Values().map { sent in sent.values.map { Float(Double($0) * sent.slope + sent.intercept) } }
  }

  private func image(
    _ stored: [Int], bits: Int = 16, allocated: Int = 16, isSigned: Bool, slope: Double = 1, intercept: Double = 0
  ) -> CTImage {
    let bytes = stored.flatMap { value -> [UInt8] in
      let pattern = UInt32(truncatingIfNeeded: value)
      return (0..<allocated / 8).map { UInt8(truncatingIfNeeded: pattern >> UInt32(8 * $0)) }
    }
    return CTImage(
      columns: stored.count, rows: 1,
      stored: StoredIntegers(
        bytes: bytes, firstBit: 0, count: stored.count, bitsAllocated: allocated, validBits: bits, isSigned: isSigned),
      rescaleSlope: slope, rescaleIntercept: intercept)
  }

  @Test func everyFileOfTheFixturesIsSentWithoutLoss() throws {
    var sent = 0
    for url in try Golden.made() {
      guard let image = try? DICOMFile.image(at: url) else { continue }
      let found = try #require(hounsfield(image), "\(url.lastPathComponent) is not sent")
      #expect(found == image.values, "\(url.lastPathComponent)")
      sent += 1
    }
    #expect(sent > 40)
  }

  @Test func randomImagesOfEveryKindAreSentWithoutLossOrNotAtAll() {
    var random = SplitMix64(seed: 16)
    var sent = 0
    for _ in 0..<400 {
      let isSigned = random.below(2) == 1, allocated = random.below(4) == 0 ? 8 : 16
      let bits = allocated == 8 ? 8 : 9 + random.below(8)
      let low = isSigned ? -(1 << (bits - 1)) : 0
      let stored = (0..<64).map { _ in low + random.below(1 << bits) }
      let slope = [1, 0.5, 2, -1, 1.2207, 0.1][random.below(6)], intercept = [0, -1024, -8192, 0.5][random.below(4)]
      let image = image(
        stored, bits: bits, allocated: allocated, isSigned: isSigned, slope: slope, intercept: intercept)
      #expect(image.values == stored.map { Float(Double($0) * slope + intercept) })
      guard let found = hounsfield(image) else { continue }
      #expect(found == image.values)
      sent += 1
    }
    // Steps that binary numbers do not have may be rounded otherwise where values are moved; such slices are refused.
    #expect(sent > 300)
  }

  @Test func unsignedValuesBeyondTheSignBitAreMoved() throws {
    let image = image([0, 1024, 32_767, 32_768, 65_535], isSigned: false, intercept: -1024)
    let sent = try #require(image.int16Values())
    #expect(sent.values == [-32_768, -31_744, -1, 0, 32_767] && sent.intercept == 31_744)
    #expect(hounsfield(image) == image.values)
  }

  @Test(arguments: [-2000, -500, 3000])
  func paddingIsAir(padding: Int) throws {
    let folder = try TemporaryFolder()
    let url = folder.url.appendingPathComponent("slice.dcm")
    var stored = Array(repeating: 1064, count: 16)
    for corner in [0, 3, 12, 15] { stored[corner] = padding }
    let pixels = stored.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
    let changes: [DataElement] = [
      .word(.pixelRepresentation, .us, 1), DataElement(.rescaleIntercept, .ds, "-1024"),
      DataElement(.pixelData, .ow, .bytes(pixels)), .word(.pixelPaddingValue, .ss, padding),
    ]
    try CTInstance.small().encoded(changes, as: .explicitLittle).write(to: url)
    let image = try DICOMFile.image(at: url)
    let found = try #require(hounsfield(image))
    for index in 0..<16 {
      if stored[index] == padding { #expect(found[index] <= -1000) } else { #expect(found[index] == 40) }
    }
  }

  @Test func whatNeedsMoreThan16BitsIsRefused() {
    #expect(image([-1, 65_535], bits: 17, allocated: 32, isSigned: true).int16Values() == nil)
    #expect(image([-40_000, 0], bits: 32, allocated: 32, isSigned: true).int16Values() == nil)
  }
}
