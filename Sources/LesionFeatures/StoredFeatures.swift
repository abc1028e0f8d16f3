public import Foundation
public import Radiomics
import Study
import Support

/// Features that were computed before, one file for each lesion image.
///
/// A file's name is a hash of all that the values depend on: the voxels, the mask, the spacing, the settings and the program's
/// version. So a change makes another file and never a stale hit. A file begins with the SHA-256 of what follows. Files that are no
/// longer used make room for others.
public struct StoredFeatures: Sendable {
  private let folder: URL
  private static let pathExtension = "radiomics"

  /// Keeps features in a folder, which is made when something is stored.
  public init(in folder: URL) { self.folder = folder }

  /// The features of an image by an extractor: those that are stored, or computed and stored now.
  ///
  /// - Throws: `RadiomicsError` where the lesion has none; `StudyError` where the file cannot be written.
  public func features(of image: LesionImage, by extractor: some LesionFeatureExtractor) throws -> [LesionFeature] {
    let file = folder.appendingPathComponent(Self.name(image, extractor.identity))
    if let stored = Self.read(file) {
      CachedFiles.markUsed(file)
      return stored
    }
    let features = try extractor.features(of: image)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let content = try encoder.encode(features)
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw StudyError(.file, "cannot make the folder \(folder.path): \(error.localizedDescription)")
    }
    try AtomicFile.write(Data("\(content.sha256)\n".utf8) + content, to: file, synchronize: false)
    return features
  }

  /// Removes the files least recently used until all take at most `budget` bytes, but none that was used since `start`.
  public func removeUnused(since start: Date, budget: Int = 1_000_000_000) {
    CachedFiles.makeRoom(in: folder, pathExtension: Self.pathExtension, budget: budget, keepingSince: start)
  }

  /// Nil where the file is absent, or damaged, so that it is computed again.
  private static func read(_ file: URL) -> [LesionFeature]? {
    guard let data = try? Data(contentsOf: file), let end = data.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
    let content = Data(data[(end + 1)...])
    guard Data(data[..<end]) == Data(content.sha256.utf8) else { return nil }
    return try? JSONDecoder().decode([LesionFeature].self, from: content)
  }

  static func name(_ image: LesionImage, _ settings: String) -> String {
    var encoding = CanonicalEncoding(of: "radiomics", version: 1)
    encoding.field("program", renalGradeVersion)
    encoding.field("settings", settings)
    encoding.field("size", [image.size.x, image.size.y, image.size.z])
    encoding.field("spacing", [image.spacing.x, image.spacing.y, image.spacing.z])
    encoding.field("values", image.values)
    encoding.field("mask", image.mask)
    return "\(encoding.digest.prefix(32)).\(pathExtension)"
  }
}
