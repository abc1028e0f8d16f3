import DICOM
import Foundation
import TestSupport
import Testing

/// Pixels equal pydicom's, bit for bit; dicom_pixels.py made the golden values.
struct PixelParityTests {
  /// Files that pydicom refuses and we read, with what makes that right.
  static let readHereOnly = [
    "data_store/data/OT-PAL-8-face.dcm": "has no file meta information; pydicom reads it when forced",
    "pydicom/data/test_files/JPEG-lossy.dcm": "12-bit JPEG with BitsStored 16, which pydicom's plugin refuses",
  ]

  @Test(.enabled(if: PydicomFiles.arePresent, PydicomFiles.missing))
  func everyReadablePydicomFile() throws {
    let files = try Golden.files("pixels.json")
    var framesCompared = 0
    for (name, golden) in files.sorted(by: { $0.key < $1.key }) {
      let url = PydicomFiles.root.appendingPathComponent(name)
      guard let frames = golden.frames else {
        if Self.readHereOnly[name] == nil {
          #expect(throws: DICOMError.self, "\(name)") { try DICOMFile.storedPixels(at: url) }
        } else {
          #expect(throws: Never.self, "\(name)") { try DICOMFile.storedPixels(at: url) }
        }
        continue
      }
      for (index, frame) in frames.enumerated() {
        let pixels = try DICOMFile.storedPixels(at: url, frame: index)
        framesCompared += 1
        if let hash = frame.hash {
          #expect(Golden.hash(pixels.values) == hash, "\(name), frame \(index), transfer syntax \(golden.syntax ?? "")")
        } else {
          let difference = try largestDifference(pixels.values, try #require(frame.samples))
          #expect(difference <= 1, "\(name), frame \(index): lossy JPEG differs by \(difference)")
        }
      }
    }
    #expect(files.count { $0.value.frames != nil } == 167)
    #expect(framesCompared == 214)
  }

  /// The samples are 16-bit values at even distances.
  private func largestDifference(_ values: StoredPixels.Values, _ samples: Data) throws -> Int {
    guard case .integers(let values) = values else { return .max }
    let golden = samples.withUnsafeBytes { raw in
      (0..<raw.count / 2).map { Int(raw.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self).littleEndian) }
    }
    let step = max(1, values.count / 2000)
    let own = stride(from: 0, to: values.count, by: step).map { values[$0] }
    guard own.count == golden.count else { return .max }
    return zip(own, golden).map { abs($0 - $1) }.max() ?? .max
  }

  @Test func madeFilesInHU() throws {
    try compare(Golden.files("made.json"), in: Golden.fixture("made"), count: 78)
  }

  @Test(.enabled(if: SharedData.isPresent, "\(SharedData.missing)"))
  func realCT() throws {
    let folder = try #require(SharedData.root).appendingPathComponent("real-ct")
    try compare(Golden.files("real-ct.json"), in: folder, count: 20)
  }

  private func compare(_ files: [String: Golden.File], in folder: URL, count: Int) throws {
    #expect(files.count == count)
    for (name, golden) in files {
      let url = folder.appendingPathComponent(name)
      #expect(try DICOMFile.attributes(of: url).count == golden.frameCount)
      for (index, frame) in (golden.frames ?? []).enumerated() {
        #expect(try Golden.hash(DICOMFile.storedPixels(at: url, frame: index).values) == frame.hash, "\(name)")
        #expect(try Golden.hash(DICOMFile.image(at: url, frame: index).values) == frame.hu, "\(name) in HU")
      }
    }
  }

  /// Process 14 with any predictor is announced by another UID than with predictor 1; such a file is one of both.
  @Test(.enabled(if: PydicomFiles.arePresent, PydicomFiles.missing))
  func losslessJPEGUnderBothUIDs() throws {
    let url = PydicomFiles.root.appendingPathComponent("data_store/data/JPEG-LL.dcm")
    var data = try Data(contentsOf: url)
    let range = try #require(data.range(of: Data("1.2.840.10008.1.2.4.70".utf8)))
    data.replaceSubrange(range, with: Data("1.2.840.10008.1.2.4.57".utf8))
    let folder = try TemporaryFolder()
    let changed = folder.url.appendingPathComponent("process14.dcm")
    try data.write(to: changed)
    #expect(try DICOMFile.storedPixels(at: changed) == DICOMFile.storedPixels(at: url))
  }

  @Test func hashesDoNotDependOnCompression() throws {
    let everySyntax = ["implicit", "explicit", "deflated", "big-endian", "rle", "jpeg2000"]
    let stems = ["12-signed": everySyntax, "16-unsigned": everySyntax + ["htj2k", "htj2k-rpcl"]]
    for (stem, syntaxes) in stems {
      let hashes = try syntaxes.map { syntax in
        try DICOMFile.image(at: Golden.fixture("made/\(stem)-\(syntax).dcm")).pixelHash
      }
      #expect(Set(hashes).count == 1)
      #expect(hashes[0].count == 64)
    }
    let first = try DICOMFile.image(at: Golden.fixture("made/12-signed-explicit.dcm"))
    let other = try DICOMFile.image(at: Golden.fixture("made/13-signed-explicit.dcm"))
    #expect(first.pixelHash != other.pixelHash)
    // The same values in another shape are another image; of both sixteen values are hashed.
    let wide = CTImage(columns: 16, rows: 1, storedValues: Array(repeating: 7, count: 16))
    let tall = CTImage(columns: 8, rows: 16, storedValues: Array(repeating: 7, count: 128))
    #expect(wide.pixelHash != tall.pixelHash)
  }

  @Test func aPartIsThatOfTheWhole() throws {
    for url in try Golden.made() {
      let image = try DICOMFile.image(at: url)
      let (rows, columns) = (image.rows / 3..<image.rows - 1, 1..<image.columns / 2)
      let whole = image.values
      let expected = rows.flatMap { row in columns.map { whole[row * image.columns + $0] } }
      #expect(image.values(rows: rows, columns: columns) == expected, "\(url.lastPathComponent)")
    }
  }

  @Test func concurrentReadsAgree() throws {
    let urls = try Golden.made()
    let expected = try urls.map { try DICOMFile.image(at: $0).pixelHash }
    let mistakes = Mistakes()
    DispatchQueue.concurrentPerform(iterations: 8) { thread in
      for index in urls.indices {
        let index = (index + 7 * thread) % urls.count
        let agrees =
          (try? DICOMFile.image(at: urls[index]).pixelHash) == expected[index]
          && (try? DICOMFile.attributes(of: urls[index])) != nil
        if !agrees { mistakes.add(urls[index].lastPathComponent) }
      }
    }
    #expect(mistakes.names == [])
  }
}

private final class Mistakes: @unchecked Sendable {
  private let lock = NSLock()
  private var found: [String] = []
  var names: [String] { lock.withLock { found } }
  func add(_ name: String) { lock.withLock { found.append(name) } }
}
