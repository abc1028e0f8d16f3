import Foundation
import Support
import TestSupport
import Testing

@testable import DICOM

/// Compressed frames that end or exhaust a decoder cost their own file.
struct HostileFrameTests {
  private static let compressed = [
    "12-signed-jpeg2000", "16-unsigned-jpeg2000", "12-signed-htj2k", "16-signed-htj2k-rpcl",
  ]

  private func file(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: Golden.fixture("made/\(name).dcm")))
  }

  private func pixels(_ bytes: [UInt8]) throws(any Error) -> StoredPixels {
    let folder = try TemporaryFolder()
    let url = folder.url.appendingPathComponent("frame.dcm")
    try Data(bytes).write(to: url)
    return try DICOMFile.storedPixels(at: url)
  }

  /// Puts a number of 16 bits into the value of an explicit little-endian element.
  private func set(_ tag: DICOMTag, to value: UInt16, in bytes: inout [UInt8]) throws {
    let (group, element) = (tag.rawValue >> 16, tag.rawValue & 0xFFFF)
    let head = [UInt8(group & 0xFF), UInt8(group >> 8), UInt8(element & 0xFF), UInt8(element >> 8)] + "US".utf8
    let start = try #require(bytes.indices.first { bytes[$0...].starts(with: head) })
    bytes[start + 8] = UInt8(value & 0xFF)
    bytes[start + 9] = UInt8(value >> 8)
  }

  @Test(arguments: compressed)
  func `damaged codestreams are refused, and the whole one is decoded as before`(_ name: String) throws {
    let whole = try file(name)
    let expected = try pixels(whole)
    var generator = SplitMix64(seed: 12)
    var refused = 0
    for _ in 0..<60 {
      var damaged = whole
      // The codestream is the end of the file.
      for _ in 0..<8 {
        let place = Int.random(in: whole.count - 1200..<whole.count, using: &generator)
        damaged[place] = UInt8.random(in: 0...255, using: &generator)
      }
      do {
        _ = try pixels(damaged)
      } catch let error as DICOMError {
        refused += 1
        #expect([.invalid, .unsupported, .truncated].contains(error.kind), "\(error)")
        #expect(error.tag == .pixelData, "\(error)")
      }
    }
    #expect(refused > 0)
    #expect(try pixels(whole).values == expected.values)
  }

  @Test(arguments: compressed + ["12-signed-rle"])
  func `no memory is taken for a frame that its codestream cannot fill`(_ name: String) throws {
    for (columns, rows) in [(65535, 65535), (65535, 1024), (32768, 512), (4096, 16384), (1024, 65535)] {
      var bytes = try file(name)
      try set(.columns, to: UInt16(columns), in: &bytes)
      try set(.rows, to: UInt16(rows), in: &bytes)
      let error = try #require(throws: DICOMError.self) { try pixels(bytes) }
      #expect(error.kind == .unsupported || error.kind == .invalid, "\(error)")
      #expect(error.tag == .pixelData, "\(error)")
    }
  }

  @Test func `many threads decode at once`() throws {
    let whole = try file("12-signed-jpeg2000")
    let expected = try pixels(whole)
    let damaged = Array(whole.dropLast(700))
    let results = ParallelMap.run(Array(0..<64), chunk: 1) { index in
      index % 3 == 0 ? (try? self.pixels(damaged))?.values : (try? self.pixels(whole))?.values
    }
    for (index, values) in results.enumerated() {
      if index % 3 > 0 { #expect(values == expected.values) } else { #expect(values == nil) }
    }
  }
}
