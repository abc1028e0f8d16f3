import DICOM
import Foundation
import Support
import TestSupport
import Testing

/// Damaged files: no crash, no hang, and no truncated file taken for whole.
struct MutationTests {
  enum Mutation: CaseIterable {
    case bitFlips, lengthField, overwrittenBlock, truncation

    func apply(to data: Data, _ generator: inout SplitMix64) -> Data {
      var bytes = data
      func anywhere(_ generator: inout SplitMix64, _ range: Range<Int>) -> Int {
        Int.random(in: range, using: &generator)
      }
      switch self {
      case .bitFlips:
        for _ in 0..<Int.random(in: 1...16, using: &generator) {
          bytes[anywhere(&generator, 128..<bytes.count)] ^= 1 << UInt8.random(in: 0...7, using: &generator)
        }
      case .lengthField:
        // Where elements begin is not known here; but every other offset of a header is near a length.
        let extremes: [UInt32] = [0, 1, 0xFFFF_FFFF, 0xFFFF_FFFE, 0x7FFF_FFFF, 0x0001_0000, 0xFFFF]
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
          let at = anywhere(&generator, 132..<min(bytes.count - 4, 2000)) & ~1
          let value = extremes.randomElement(using: &generator) ?? 0
          for byte in 0..<(Bool.random(using: &generator) ? 4 : 2) {
            bytes[at + byte] = UInt8(value >> (8 * byte) & 0xFF)
          }
        }
      case .overwrittenBlock:
        let start = anywhere(&generator, 132..<bytes.count - 8)
        for at in start..<min(bytes.count, start + Int.random(in: 4...64, using: &generator)) {
          bytes[at] = UInt8.random(in: 0...255, using: &generator)
        }
      case .truncation:
        bytes = data.prefix(Int.random(in: 0..<data.count, using: &generator))
      }
      return bytes
    }
  }

  /// Small files of each compression; in all of them the pixel data comes last, so that every cut goes through it or before.
  static func sources() throws -> [URL] {
    var urls = try Golden.made().filter { url in
      ["12-signed", "16-unsigned", "enhanced-per-frame"].contains { url.lastPathComponent.hasPrefix($0) }
    }
    guard PydicomFiles.arePresent else { return urls }
    let names = [
      "SC_rgb_small_odd_jpeg", "JPGExtended", "MR_small_jpeg_ls_lossless", "JPEGLSNearLossless_16", "MR_small_RLE",
      "SC_rgb_rle_2frame", "MR_small_jp2klossless", "MR_small_bigendian", "SC_rgb_jls_lossy_sample",
    ]
    urls += names.map { PydicomFiles.root.appendingPathComponent("pydicom/data/test_files/\($0).dcm") }
    return urls
  }

  @Test(.timeLimit(.minutes(15)))
  func twoThousandMutatedFiles() throws {
    let sources = try Self.sources().map { ($0.lastPathComponent, try Data(contentsOf: $0)) }
    let folder = try TemporaryFolder()
    let url = folder.url.appendingPathComponent("mutated.dcm")
    var generator = SplitMix64(seed: 2)
    var refused = 0
    for count in 0..<2000 {
      let (name, data) = sources[count % sources.count]
      let mutation = Mutation.allCases[count / sources.count % Mutation.allCases.count]
      try mutation.apply(to: data, &generator).write(to: url)
      var isRefused = false
      do {
        for frame in 0..<2 { _ = try DICOMFile.storedPixels(at: url, frame: frame) }
      } catch {
        isRefused = (try? DICOMFile.storedPixels(at: url)) == nil
      }
      _ = try? DICOMFile.image(at: url)
      if mutation == .truncation {
        #expect(isRefused, "\(name), cut to \((try? Data(contentsOf: url).count) ?? 0) of \(data.count) bytes")
        #expect(throws: DICOMError.self, "\(name)") { try DICOMFile.attributes(of: url) }
      } else {
        _ = try? DICOMFile.attributes(of: url)
      }
      refused += isRefused ? 1 : 0
    }
    // Neither all nor none: the files are damaged here and there.
    #expect((600...1900).contains(refused))
  }
}
