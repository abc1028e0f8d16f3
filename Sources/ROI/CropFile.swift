import Crypto
import Foundation
import Study

/// The file of crops while it grows: one after the other as 32-bit floats in the machine's order, under a name that holds
/// the hash of its contents.
struct CropFile {
  private let folder: URL
  private let writer: AtomicFile.Writer
  private var hash = SHA256()

  init(_ study: StudyFolder) throws(StudyError) {
    folder = study.roiFolder
    writer = try AtomicFile.Writer(folder.appendingPathComponent(Self.unnamed))
  }

  mutating func append(_ values: [Float]) throws(StudyError) {
    let data = values.withUnsafeBytes { Data($0) }
    hash.update(data: data)
    try writer.append(data)
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

  static func name(for digest: SHA256.Digest) -> String {
    "crops-\(digest.hexadecimal.prefix(32)).f32"
  }

  /// Removes the files of former builds.
  static func removeAll(_ study: StudyFolder, except kept: String) {
    remove(study) { $0.hasPrefix("crops-") && $0 != kept }
  }

  /// Removes what builds that were killed have left.
  static func removeUnfinished(_ study: StudyFolder) {
    remove(study) { $0.hasPrefix(".") && $0.hasSuffix(".partial") }
  }

  private static func remove(_ study: StudyFolder, _ isStale: (String) -> Bool) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: study.roiFolder.path)) ?? []
    for name in names where isStale(name) {
      try? FileManager.default.removeItem(at: study.roiFolder.appendingPathComponent(name))
    }
  }
}
