import DICOM
import Foundation
import Testing

@testable import Deidentification

/// Headers that ask for an image that cannot be there.
struct HostileHeaderTests {
  private static let sizes: [DICOMTag] = [.rows, .columns, .bitsAllocated, .samplesPerPixel]

  private func slice(_ numbers: [DICOMTag: Int], frames: String? = nil) -> SampleSlice {
    var slice = SampleSlice()
    slice.elements = slice.elements.filter { numbers[$0.tag] == nil }
    slice.elements += numbers.map { DataElement($0, .us, .bytes([UInt8($1 & 0xFF), UInt8($1 >> 8)])) }
    if let frames { slice.elements.append(DataElement(.numberOfFrames, .is, frames)) }
    slice.elements.sort { $0.tag < $1.tag }
    return slice
  }

  private func hasFinding(_ slice: SampleSlice) -> Bool {
    let file = DataSet(slice.elements, name: "slice")
    return DeidentificationCheck().problems(in: file).contains { $0 == .unreadable && $1 == .pixelData }
  }

  @Test func `a slice as it should be has no such finding`() { #expect(!hasFinding(SampleSlice())) }

  @Test func `sizes whose product is beyond counting are a finding`() {
    let largest = Dictionary(uniqueKeysWithValues: Self.sizes.map { ($0, 65535) })
    #expect(hasFinding(slice(largest)))
    #expect(hasFinding(slice(largest, frames: "2147483647")))
  }

  @Test(arguments: ["2147483647", "9223372036854775807", "1000000000000000000"])
  func `frames beyond counting are a finding`(_ frames: String) {
    #expect(hasFinding(slice([.rows: 65535, .columns: 65535, .bitsAllocated: 65535], frames: frames)))
  }
}
