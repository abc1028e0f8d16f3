import Foundation

/// A reader that mutated files are given to.
public struct FuzzTarget: Sendable {
  /// One of the whole files that mutated ones are made of.
  public struct Source: Sendable {
    /// The file's name, whose ending some readers go by.
    public let name: String
    /// Its bytes.
    public let bytes: [UInt8]
  }

  /// What `--reader` calls it.
  public let name: String
  /// Whether its files are text, whose words and numbers are changed rather than its bits.
  let isText: Bool
  /// The whole files, small ones of each kind.
  let sources: @Sendable () throws -> [Source]
  /// Reads a file, which lies in an otherwise empty folder, as the program does; what it refuses is as good as what it takes.
  let read: @Sendable (_ file: URL) -> Void

  /// All readers.
  public static let all: [FuzzTarget] = [
    .dicom, .segmentation, .structureSet, .deidentification, .contours, .csv, .yaml, .nifti, .nrrd, .hdf5, .weights,
    .archive,
    .runFolder, .model, .job,
  ]

  /// The files below folders of the package, up to 64 KiB each, in the order of their paths.
  static func files(_ folders: String..., where isTaken: @Sendable (String) -> Bool) throws -> [Source] {
    try folders.flatMap { folder in
      let root = packageRoot.appendingPathComponent(folder)
      let paths = FileManager.default.enumerator(atPath: root.path)?.compactMap { $0 as? String }.sorted() ?? []
      return try paths.filter(isTaken).compactMap { path -> Source? in
        let bytes = [UInt8](try Data(contentsOf: root.appendingPathComponent(path)))
        let name = URL(fileURLWithPath: path).lastPathComponent
        return bytes.isEmpty || bytes.count > 1 << 16 ? nil : Source(name: name, bytes: bytes)
      }
    }
  }

  static let packageRoot = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
}
