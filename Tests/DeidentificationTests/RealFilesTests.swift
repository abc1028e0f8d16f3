import DICOM
import Foundation
import TestSupport
import Testing

@testable import Deidentification

/// The test files of pydicom, and the CT of real scanners.
struct RealFilesTests {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent(".deps/pydicom-files")
  static var arePresent: Bool { FileManager.default.fileExists(atPath: root.appendingPathComponent(".complete").path) }

  @Test(.enabled(if: arePresent, "needs pydicom's test files: scripts/setup --tests"), .timeLimit(.minutes(15)))
  func pydicomFilesKeepTheirPixels() throws {
    let folder = try TemporaryFolder()
    let url = folder.url.appendingPathComponent("out.dcm")
    let deidentifier = Deidentifier(key: testKey, options: .with { $0.admitsImagesWithText = true })
    let check = DeidentificationCheck(options: deidentifier.options)
    var (written, images) = (0, 0)
    for path in try FolderContents.files(below: Self.root).map(\.path) where path.hasSuffix(".dcm") {
      let original = Self.root.appendingPathComponent(path)
      do {
        try deidentifier.deidentify(file: original, to: url)
      } catch let error as DICOMError {
        // A damaged file, or one that is not an image; a readable CT is never refused.
        #expect((try? DICOMFile.attributes(of: original)) == nil, "\(path): \(error)")
        continue
      }
      written += 1
      let outcome = try Data(contentsOf: url)
      #expect(try check.problems(in: outcome.parsed()).isEmpty, "\(path)")
      var known = KnownIdentifiers(options: deidentifier.options)
      known.add(original: try Data(contentsOf: original).parsed())
      #expect(try known.places(in: outcome.parsed(), Array(outcome)).isEmpty, "\(path)")
      guard let pixels = try? DICOMFile.storedPixels(at: original) else { continue }
      images += 1
      #expect(try DICOMFile.storedPixels(at: url).values == pixels.values, "\(path)")
    }
    print("de-identified \(written) of pydicom's files, \(images) with readable pixels")
    #expect(written > 100)
    #expect(images > 80)
  }
}
