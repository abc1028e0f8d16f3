import DICOM
import Foundation
import TestSupport
import Testing

@testable import Deidentification

/// Compressed pixel data: what is no part of the image is cut off, found by the check, and the pixels stay.
struct CompressedPixelsTests {
  static let secret = Array("ZQX11159 Miller^A".utf8) + [0]
  static let files = [
    "12-signed-rle", "12-signed-jpeg2000", "12-signed-htj2k", "12-unsigned-htj2k-rpcl", "13-signed-rle",
    "fragments-table",
    "fragments-no-table",
  ]

  private static func original(_ name: String) throws -> Data {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return try Data(contentsOf: tests.appendingPathComponent("DICOMTests/Fixtures/made/\(name).dcm"))
  }

  /// A file whose compressed pixel data are another list of fragments, the first being the offset table.
  struct Parts {
    var start: [UInt8]
    var fragments: [[UInt8]]
    var delimiter: [UInt8] = [0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]

    init(_ data: Data) throws {
      let file = try data.parsed()
      guard case .fragments(let found)? = file.element(.pixelData)?.value else {
        throw CocoaError(.fileReadCorruptFile)
      }
      let bytes = Array(data)
      start = Array(bytes[..<found.range.lowerBound])
      fragments = found.items.map { Array(bytes[$0]) }
    }

    var data: Data {
      let items = fragments.flatMap { fragment -> [UInt8] in
        [0xFE, 0xFF, 0, 0xE0] + (0..<4).map { UInt8(fragment.count >> (8 * $0) & 0xFF) } + fragment
      }
      return Data(start + items + delimiter)
    }
  }

  /// Where a text can stand among fragments.
  static let places: [(name: String, plant: @Sendable (inout Parts) -> Void)] = [
    ("an extra fragment", { $0.fragments.append(secret) }),
    ("several extra fragments", { $0.fragments += [secret, [0, 0], secret] }),
    ("behind the offset table", { $0.fragments[0] += secret }),
    ("in place of the offset table", { $0.fragments[0] = secret }),
    ("behind the image in its last fragment", { $0.fragments[$0.fragments.count - 1] += secret }),
    ("behind the delimiter", { $0.delimiter += secret }),
    ("a delimiter with a length", { $0.delimiter[4] = 0x5A }),
    (
      "an extra fragment and an offset table",
      {
        $0.fragments[0] += secret
        $0.fragments.append(secret)
      }
    ),
  ]

  @Test(arguments: files, places.map(\.name))
  func isCutOff(name: String, place: String) throws {
    let original = try Self.original(name)
    var parts = try Parts(original)
    // An image of several frames without an offset table has none to be changed.
    try #require(Self.places.first { $0.name == place }).plant(&parts)
    let planted = parts.data
    let expected = try Deidentifier(key: testKey).deidentify(original)
    let result = try Deidentifier(key: testKey).deidentify(planted)
    #expect(Planted.found(in: result.data, marks: ["zqx11159", "miller"]).isEmpty)
    #expect(result.audit.trailingBytes > expected.audit.trailingBytes)
    try expectSamePixels(original, result.data)
    #expect(DeidentificationCheck().problems(in: try result.data.parsed()).isEmpty)
    // The check finds it in a file whose header is clean.
    var clean = try Parts(expected.data)
    try #require(Self.places.first { $0.name == place }).plant(&clean)
    #expect(!DeidentificationCheck().problems(in: try clean.data.parsed()).isEmpty)
    if place != "a delimiter with a length" {
      var known = KnownIdentifiers()
      known.add(text: "ZQX11159")
      #expect(try !known.places(in: clean.data.parsed(), Array(clean.data)).isEmpty)
    }
  }

  @Test(arguments: files)
  func whatIsSoundStaysAsItIs(name: String) throws {
    let original = try Self.original(name)
    let once = try Deidentifier(key: testKey).deidentify(original)
    try expectSamePixels(original, once.data)
    let twice = try Deidentifier(key: testKey).deidentify(once.data)
    #expect(twice.audit.trailingBytes == 0)
    #expect(try Parts(twice.data).fragments == Parts(once.data).fragments)
  }

  private func expectSamePixels(_ original: Data, _ outcome: Data) throws {
    let folder = try TemporaryFolder()
    let (before, after) = (folder.url.appendingPathComponent("a.dcm"), folder.url.appendingPathComponent("b.dcm"))
    try original.write(to: before)
    try outcome.write(to: after)
    let frames = try original.parsed().integer(.numberOfFrames) ?? 1
    for frame in 0..<frames {
      #expect(
        try DICOMFile.storedPixels(at: after, frame: frame).values
          == DICOMFile.storedPixels(at: before, frame: frame).values)
    }
  }

  @Test func commentsWithinAFrameAreOverwritten() throws {
    var parts = try Parts(Self.original("12-signed-jpeg2000"))
    // COM, in Latin-1, behind SIZ, which follows SOC.
    let length = 2 + 2 + Self.secret.count
    let comment = [0xFF, 0x64, UInt8(length >> 8), UInt8(length & 0xFF), 0, 1] + Self.secret
    let sizeEnd = 4 + Int(parts.fragments[1][4]) << 8 + Int(parts.fragments[1][5])
    parts.fragments[1].insert(contentsOf: comment, at: sizeEnd)
    parts.fragments[0] = []
    let result = try Deidentifier(key: testKey).deidentify(parts.data)
    #expect(Planted.found(in: result.data, marks: ["zqx11159"]).isEmpty)
    try expectSamePixels(parts.data, result.data)
  }

  /// JPEG's segments, by a stream that has them all: no decoder is asked.
  @Test func segmentsOfJPEG() throws {
    func segment(_ marker: UInt8, _ contents: [UInt8]) -> [UInt8] {
      [0xFF, marker, UInt8((contents.count + 2) >> 8), UInt8((contents.count + 2) & 0xFF)] + contents
    }
    let adobe = Array("Adobe".utf8) + [0, 100, 0, 0, 0, 0, 1]
    let scan: [UInt8] = [1, 2, 0xFF, 0x00, 3, 0xFF, 0xD0, 4]
    let head: [UInt8] = [0xFF, 0xD8]
    let image =
      segment(0xC3, [12, 0, 4, 0, 4, 1, 1, 0x11, 0]) + segment(0xDA, [1, 1, 0, 1, 0, 0]) + scan + [0xFF, 0xD9]
    let texts = segment(0xFE, Self.secret) + segment(0xE1, Self.secret) + segment(0xEF, Self.secret)
    var slice = SampleSlice()
    slice.elements.removeAll { $0.tag == .pixelData }
    slice.elements.append(DataElement(.pixelData, .ow, .bytes([])))
    let bare = slice.data()
    let marker = try #require(bare.range(of: Data([0xE0, 0x7F, 0x10, 0x00]), options: .backwards))
    var start = Array(bare[..<marker.lowerBound])
    start += [0xE0, 0x7F, 0x10, 0x00, 0x4F, 0x42, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]
    let syntax = try #require(bare.range(of: Data("1.2.840.10008.1.2.1\0".utf8)))
    func file(_ fragments: [[UInt8]]) throws -> Data {
      var parts = try Parts(Self.original("12-signed-rle"))
      parts.start = start
      parts.fragments = [[]] + fragments
      var bytes = Array(parts.data)
      // JPEG Lossless; two characters more.
      bytes.replaceSubrange(syntax, with: Array("1.2.840.10008.1.2.4.70".utf8))
      bytes[syntax.lowerBound - 2] = 22
      return Data(bytes)
    }
    let whole = head + segment(0xEE, adobe) + texts + image
    for data in [try file([whole + Self.secret]), try file([Array(whole[..<60]), Array(whole[60...]), Self.secret])] {
      let result = try Deidentifier(key: testKey).deidentify(data)
      #expect(Planted.found(in: result.data, marks: ["zqx11159", "miller"]).isEmpty)
      let parts = try Parts(result.data)
      #expect(parts.fragments.count == 2)
      #expect(parts.fragments[1].starts(with: head + segment(0xEE, adobe)))
      #expect(parts.fragments[1].dropLast(parts.fragments[1].last == 0 ? 1 : 0).suffix(image.count) == image[...])
    }
    // A stream whose end is missing could end with anything.
    let cut = try file([Array(whole.dropLast(2)) + Self.secret])
    let error = try #require(throws: DICOMError.self) { try Deidentifier(key: testKey).deidentify(cut) }
    #expect(error.tag == .pixelData)
  }

  static let cases = SharedData.root?.deletingLastPathComponent()
    .appendingPathComponent("cases/h08-deid-extra-fragment")
  static var hasCases: Bool { cases.map { FileManager.default.fileExists(atPath: $0.path) } ?? false }

  @Test(.enabled(if: hasCases, "\(SharedData.missing)"), arguments: ["encaps", "encaps-bot"])
  func sharedCase(name: String) throws {
    let data = try Data(contentsOf: #require(Self.cases).appendingPathComponent("\(name).dcm"))
    #expect(!DeidentificationCheck().problems(in: try data.parsed()).isEmpty)
    let result = try Deidentifier(key: testKey).deidentify(data)
    #expect(Planted.found(in: result.data, marks: ["zqx111"]).isEmpty)
    // Some readers take the text behind the delimiter for an element, and refuse the original.
    if name == "encaps-bot" { try expectSamePixels(data, result.data) }
    try expectSamePixels(result.data, result.data)
  }
}
