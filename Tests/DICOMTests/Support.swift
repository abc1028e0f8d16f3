import DICOM
import Foundation
import Support
import Testing

/// The files that the golden values were made from, and the values.
enum Golden {
  struct File: Decodable {
    struct Frame: Decodable {
      let hash: String?
      let samples: Data?
      let hu: String?
    }
    let syntax: String?
    let frameCount: Int?
    let frames: [Frame]?
    let refused: String?
  }

  static func files(_ name: String) throws -> [String: File] {
    struct AnyEntry: Decodable {
      let file: File?
      init(from decoder: any Decoder) throws { file = try? File(from: decoder) }
    }
    let data = try Data(contentsOf: fixture(name))
    return try JSONDecoder().decode([String: AnyEntry].self, from: data).compactMapValues(\.file)
  }

  static func fixture(_ name: String) throws -> URL {
    try #require(Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: nil))
  }

  /// CT files of every transfer syntax that pydicom can write.
  static func made() throws -> [URL] {
    let folder = try fixture("made")
    return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .sorted { $0.lastPathComponent < $1.lastPathComponent }
  }

  static func hash<T>(_ values: [T]) -> String {
    String(values.withUnsafeBytes { SHA256.hash(data: $0) }.hexadecimal.prefix(16))
  }

  static func hash(_ values: StoredPixels.Values) -> String {
    switch values {
    case .integers(let integers): hash(integers)
    case .reals(let reals): hash(reals)
    }
  }
}

/// The test files of pydicom and pydicom-data, which scripts/setup unpacks.
enum PydicomFiles {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent(".deps/pydicom-files")
  static var arePresent: Bool { FileManager.default.fileExists(atPath: root.appendingPathComponent(".complete").path) }
  static let missing: Comment = "needs pydicom's test files: run scripts/setup"
}
