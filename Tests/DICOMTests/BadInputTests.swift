import DICOM
import Foundation
import TestSupport
import Testing

/// Every bad file gives an error that says what is wrong and where, never a crash or wrong values.
struct BadInputTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func file(_ data: Data, _ name: String = "bad.dcm") throws -> URL {
    let url = folder.url.appendingPathComponent(name)
    try data.write(to: url)
    return url
  }

  private func slice(_ change: (inout CTInstance) -> Void) throws -> URL {
    var instance = CTInstanceTests.slice()
    change(&instance)
    return try file(instance.encoded())
  }

  private func error(_ body: () throws -> Void) throws -> DICOMError {
    try #require(throws: DICOMError.self, performing: body)
  }

  @Test func notDICOM() throws {
    for data in [
      Data(), Data("a text\n".utf8), Data(repeating: 0, count: 4096), Data((0..<5000).map { UInt8($0 * 7 % 251) }),
    ] {
      let url = try file(data)
      #expect(try error { _ = try DICOMFile.attributes(of: url) }.kind == .notDICOM)
      #expect(try error { _ = try DICOMFile.image(at: url) }.kind == .notDICOM)
    }
  }

  @Test func noSuchFileAndFolder() throws {
    #expect(try error { _ = try DICOMFile.attributes(of: folder.url) }.kind == .unreadable)
    let absent = folder.url.appendingPathComponent("absent.dcm")
    #expect(try error { _ = try DICOMFile.attributes(of: absent) }.kind == .unreadable)
  }

  @Test(arguments: ["explicit", "deflated", "rle", "jpeg2000", "htj2k", "big-endian"])
  func everyTruncationIsRefused(_ syntax: String) throws {
    let whole = try Data(contentsOf: Golden.fixture("made/12-signed-\(syntax).dcm"))
    for length in stride(from: 0, to: whole.count, by: 13) {
      let url = try file(whole.prefix(length))
      let error = try error { _ = try DICOMFile.attributes(of: url) }
      // Cut between two elements, what is left is DICOM without this or that.
      #expect([.truncated, .notDICOM, .notCT, .invalid, .unsupported].contains(error.kind), "\(length): \(error)")
      #expect(throws: DICOMError.self) { try DICOMFile.image(at: url) }
    }
    for length in [whole.count - 1, whole.count - 2, whole.count - 20, whole.count / 4 * 3] {
      let url = try file(whole.prefix(length))
      let error = try error { _ = try DICOMFile.attributes(of: url) }
      #expect(error.kind == .truncated || syntax == "deflated", "\(length) of \(whole.count): \(error)")
    }
  }

  @Test func wrongModality() throws {
    let url = try slice { $0.elements[.modality] = "MR" }
    let error = try error { _ = try DICOMFile.attributes(of: url) }
    #expect(error.kind == .notCT)
    #expect(error.tag == .modality)
    #expect(error.description == "bad.dcm: this is not a CT image [(0008,0060) Modality]; expected CT, found MR")
    #expect(try self.error { _ = try DICOMFile.image(at: url) } == error)
  }

  /// Blanked by renaming the element's group, since the writer insists on it.
  private func blanking(_ tag: [UInt8], in instance: CTInstance) throws -> URL {
    var data = try instance.encoded()
    let dataSet = try #require(data.range(of: Data([0x08, 0x00, 0x08, 0x00])))
    let element = try #require(data.range(of: Data(tag), in: dataSet.upperBound..<data.count))
    data[element.lowerBound] += 1
    return try file(data)
  }

  @Test func blankSeriesUID() throws {
    let seriesUID: [UInt8] = [0x20, 0x00, 0x0E, 0x00]
    let withFrame = try blanking(seriesUID, in: CTInstanceTests.slice(1))
    let invented = try DICOMFile.attributes(of: withFrame)[0].seriesInstanceUID
    #expect(invented.hasPrefix("2.25."))
    #expect(
      try DICOMFile.attributes(of: blanking(seriesUID, in: CTInstanceTests.slice(2)))[0].seriesInstanceUID == invented)
    var other = CTInstanceTests.slice(3)
    other.elements[.seriesNumber] = "7"
    #expect(try DICOMFile.attributes(of: blanking(seriesUID, in: other))[0].seriesInstanceUID != invented)
    other.elements[.frameOfReferenceUID] = nil
    let alone = try blanking(seriesUID, in: other)
    #expect(try error { _ = try DICOMFile.attributes(of: alone) }.tag == .seriesInstanceUID)
  }

  @Test func blankSOPUID() throws {
    // The file meta information repeats it.
    let url = try blanking([0x08, 0x00, 0x18, 0x00], in: CTInstanceTests.slice(5))
    #expect(try DICOMFile.attributes(of: url)[0].sopInstanceUID == "2.25.3.5")
  }

  @Test func withoutModality() throws {
    let url = try slice { $0.elements[.modality] = nil }
    #expect(try error { _ = try DICOMFile.attributes(of: url) }.tag == .modality)
  }

  @Test func withoutRescaling() throws {
    // Stored values must not pass for HU: the element is renamed to a private one.
    var data = try CTInstanceTests.slice().encoded()
    let slope = try #require(data.range(of: Data([0x28, 0x00, 0x53, 0x10])))
    data[slope.lowerBound] = 0x29
    let url = try file(data)
    let error = try error { _ = try DICOMFile.image(at: url) }
    #expect(error.kind == .invalid && error.tag == .rescaleSlope)
  }

  @Test func slopeOfNought() throws {
    let url = try slice { $0.rescaleSlope = 0 }
    #expect(try error { _ = try DICOMFile.image(at: url) }.tag == .rescaleSlope)
  }

  @Test func noSuchFrame() throws {
    let url = try slice { _ in }
    for frame in [-1, 1, 1000] {
      #expect(try error { _ = try DICOMFile.image(at: url, frame: frame) }.tag == .numberOfFrames)
    }
    let enhanced = try Golden.fixture("made/enhanced-shared.dcm")
    #expect(throws: DICOMError.self) { try DICOMFile.image(at: enhanced, frame: 3) }
  }

  /// (0028,0010) Rows as US: a size that the data cannot fill, and one that a codestream contradicts.
  @Test(arguments: ["explicit", "rle", "jpeg2000", "htj2k"])
  func rowsThatAreNotThere(_ syntax: String) throws {
    for rows in [UInt16(0), 33, 65535] {
      var data = try Data(contentsOf: Golden.fixture("made/16-signed-\(syntax).dcm"))
      let tag = try #require(data.range(of: Data([0x28, 0x00, 0x10, 0x00] + Array("US".utf8))))
      data[tag.upperBound + 2] = UInt8(rows & 0xFF)
      data[tag.upperBound + 3] = UInt8(rows >> 8)
      let url = try file(data)
      #expect(throws: DICOMError.self, "\(rows) rows, \(syntax)") { try DICOMFile.image(at: url) }
    }
  }

  @Test(.enabled(if: PydicomFiles.arePresent, PydicomFiles.missing))
  func colourAndOtherModalities() throws {
    let files = PydicomFiles.root.appendingPathComponent("pydicom/data/test_files")
    for name in ["SC_rgb_jpeg.dcm", "MR_small.dcm", "rtdose.dcm", "reportsi.dcm"] {
      let error = try error { _ = try DICOMFile.image(at: files.appendingPathComponent(name)) }
      #expect(error.kind == .notCT, "\(error)")
    }
    let truncated = files.appendingPathComponent("MR_truncated.dcm")
    #expect(try error { _ = try DICOMFile.storedPixels(at: truncated) }.kind == .truncated)
  }
}
