import Foundation
import Study
import Support

/// A crop as it goes into the file: 32-bit floats in the machine's order, and their hash.
struct CropBytes: Sendable {
  let data: Data
  let digest: [UInt8]

  init(_ values: [Float]) {
    data = values.withUnsafeBytes { Data($0) }
    digest = SHA256.hash(data: data)
  }
}

/// The file of crops while it grows: one after the other, under a name that holds the hash of their hashes.
///
/// So all cores share in computing it.
struct CropFile {
  private let folder: URL
  private let writer: AtomicFile.Writer
  private var hash = SHA256()

  init(_ study: StudyFolder) throws(StudyError) {
    folder = study.roiFolder
    writer = try AtomicFile.Writer(folder.appendingPathComponent(Self.unnamed))
  }

  mutating func append(_ crop: CropBytes) throws(StudyError) {
    hash.update(data: crop.digest)
    try writer.append(crop.data)
  }

  /// Puts the file in its place and returns its name there.
  consuming func finish() throws(StudyError) -> String {
    let name = Self.name(for: hash.finalize())
    try writer.finish()
    let target = folder.appendingPathComponent(name)
    guard rename(folder.appendingPathComponent(Self.unnamed).path, target.path) == 0 else {
      throw StudyError(.file, "cannot put \(name) into \(folder.path): \(String(cString: strerror(errno)))")
    }
    return name
  }

  private static let unnamed = "crops-unnamed.f32"
  /// The name that a control's crops have while they are written; `removeUnfinished` knows it.
  static let derivedName = ".derived.partial"

  /// The name that a file of these crops bears, each of `size` bytes.
  static func name(of crops: Data, size: Int) -> String {
    let starts = Array(stride(from: crops.startIndex, to: crops.endIndex, by: size))
    var hash = SHA256()
    for digest in ParallelMap.run(starts, { SHA256.hash(data: crops[$0..<min($0 + size, crops.endIndex)]) }) {
      hash.update(data: digest)
    }
    return name(for: hash.finalize())
  }

  private static func name(for digest: [UInt8]) -> String {
    "crops-\(digest.hexadecimal.prefix(32)).f32"
  }

  /// Removes the files of former builds.
  static func removeAll(_ study: StudyFolder, except kept: String) {
    remove(study) { $0.hasPrefix("crops-") && $0 != kept }
  }

  /// Removes what builds that were killed have left.
  static func removeUnfinished(_ study: StudyFolder) {
    AtomicFile.removeAbandoned(in: study.roiFolder)
  }

  private static func remove(_ study: StudyFolder, _ isStale: (String) -> Bool) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: study.roiFolder.path)) ?? []
    for name in names where isStale(name) {
      try? FileManager.default.removeItem(at: study.roiFolder.appendingPathComponent(name))
    }
  }
}
