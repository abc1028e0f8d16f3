import Foundation
import Testing

@testable import DICOM

struct SameImageTests {
  @Test(
    arguments: ["12-signed", "12-unsigned", "16-signed", "16-unsigned"],
    [
      "implicit", "big-endian", "deflated", "jpeg2000", "rle", "htj2k",
    ])
  func losslessEncodingsAreTheSameImage(name: String, encoding: String) throws {
    let files = try [Golden.fixture("made/\(name)-explicit.dcm"), Golden.fixture("made/\(name)-\(encoding).dcm")]
    // By pydicom, too, the fixtures of signed values in HTJ2K hold other pixels than the uncompressed ones.
    guard encoding != "htj2k" || name.hasSuffix("unsigned") else { return }
    #expect(try DICOMFile.isSameImage(files[0], files[1]))
  }

  @Test(arguments: ["12-signed-htj2k-lossy", "12-unsigned-explicit", "14-signed-explicit", "enhanced-shared"])
  func otherPixelsAreNot(name: String) throws {
    #expect(
      try !DICOMFile.isSameImage(Golden.fixture("made/12-signed-explicit.dcm"), Golden.fixture("made/\(name).dcm")))
  }

  @Test func aFewStoredValuesAreNoCT() throws {
    func reason(_ values: [Int16]) -> String? {
      var sample = StoredValueSample()
      sample.add(CTImage(columns: values.count, rows: 1, storedValues: values))
      return sample.reasonAgainstCT
    }
    for labels in [[0, 255], [0, 1], [0], [-1000, 0, 1000], [0, 1, 2, 3, 4, 5, 6, 7]] as [[Int16]] {
      let found = reason((0..<4096).map { labels[$0 % labels.count] })
      #expect(found?.contains("only \(labels.count) different value") == true)
    }
    // So few pixels may well have few values.
    #expect(reason([0, 255, 0, 255]) == nil)
    #expect(reason((0..<256).map { Int16($0 - 128) }) == nil)
    #expect(reason((0..<256).map { Int16($0 + 1000) })?.contains("between -200 and 400 HU") == true)
    #expect(reason((0..<256).map { Int16(-$0 - 700) })?.contains("between -200 and 400 HU") == true)
  }
}
