public import Annotation
public import Foundation
import Imaging
public import Study
import Support

/// Files of contours, known by their contents: a JSON export of MD.ai, and masks in NRRD and NIfTI.
public enum ContourFile {
  /// Whose masks they are, and what their labels mean; an export of MD.ai says so itself.
  public struct Settings: Equatable, Sendable {
    /// The reader who drew the masks.
    public var reader: String
    /// The labels of masks that are lesions, each with the lesion's name; empty where a mask has one label only.
    public var labels: [Int16: String]

    /// States the settings.
    public init(reader: String = "import", labels: [Int16: String] = [:]) {
      (self.reader, self.labels) = (reader, labels)
    }
  }

  /// The name of a lesion whose label says none: it names none of a patient's several lesions.
  public static let unnamedLesion = "lesion"

  /// Replaces the study's contours by those of a file or, of a folder, of all files in it.
  ///
  /// A mask lies on the series whose pixels are its voxels, within 0.01 of a voxel in the patient's coordinates. A file of a
  /// folder that cannot be read or matched is listed; a file that is given alone, and cannot be, is an error.
  /// - Throws: `AnnotationError`, `StudyError` where nothing can be taken, or the study not be written.
  public static func run(
    _ url: URL, _ settings: Settings = Settings(), into study: StudyFolder
  ) throws -> ContourImport.Summary {
    try study.requireImages(for: "contours are drawn on slices")
    let annotation = try study.readProtocol().annotation
    var slices: LabelMapContours?
    func read(_ file: URL, hints: Set<String>) throws -> MDAIExport {
      guard let map = try labelMap(file) else {
        return try MDAI.read(file, lesionLabels: annotation.lesionLabels)
      }
      var matched = try slices ?? LabelMapContours(study)
      defer { slices = matched }
      let contours = try matched.contours(
        of: map, named: names(of: map, settings), reader: settings.reader, hints: hints)
      guard annotation.integerCoordinate == .pixelCorner else { return MDAIExport(contours: contours) }
      // Outlines count from pixel centres; a protocol that counts from corners is served in its own terms.
      return MDAIExport(
        contours: contours.map { contour in
          var contour = contour
          contour.vertices = contour.vertices.map { $0 + 0.5 }
          return contour
        })
    }
    guard (try? url.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true else {
      let export = try read(url, hints: hints(url.lastPathComponent))
      return try ContourImport.run(
        export.contours, skipped: export.skipped, source: url.lastPathComponent, into: study)
    }
    var all = MDAIExport()
    let files = FileManager.default.enumerator(atPath: url.path)?.compactMap { $0 as? String }.sorted() ?? []
    for path in files {
      let file = url.appendingPathComponent(path)
      guard (try file.resourceValues(forKeys: [.isRegularFileKey])).isRegularFile == true else { continue }
      do {
        let export = try read(file, hints: hints(path))
        all.contours += export.contours
        all.skipped += export.skipped
      } catch let error as StudyError {
        throw error
      } catch {
        all.skipped.append(
          .init(
            annotationID: path, studyInstanceUID: nil, seriesInstanceUID: nil, isDamaged: false,
            reason: reason(error, file: file.lastPathComponent)))
      }
    }
    guard !all.contours.isEmpty else {
      throw AnnotationError(
        "\(url.lastPathComponent): none of its \(files.count) files gave a contour; the first: "
          + (all.skipped.first?.reason ?? "the folder is empty"))
    }
    return try ContourImport.run(all.contours, skipped: all.skipped, source: url.lastPathComponent, into: study)
  }

  /// The mask in a file, by its first bytes; nil where it is none.
  static func labelMap(_ url: URL) throws -> LabelMap? {
    let handle = try FileHandle(forReadingFrom: url)
    let start = [UInt8](try handle.read(upToCount: 352) ?? Data())
    try handle.close()
    if start.starts(with: NRRDFile.magic) {
      return try NRRDFile.labelMap([UInt8](Data(contentsOf: url)), name: url.lastPathComponent)
    }
    let isGzip = start.starts(with: [0x1F, 0x8B])
    let isNIfTI =
      start.count == 352
      && [[0x6E, 0x2B, 0x31], [0x6E, 0x2B, 0x32]].contains { magic in
        start[344..<347].elementsEqual(magic) || start[4..<7].elementsEqual(magic)
      }
    guard isGzip || isNIfTI else { return nil }
    do throws(PublicCohortError) {
      let volume = try NIfTIFile.volume(at: url)
      let grid = volume.grid
      return LabelMap(
        size: SIMD3(grid.columns, grid.rows, grid.slices), origin: grid.origin,
        steps: [grid.columnStep, grid.rowStep, grid.sliceStep],
        labels: (0..<grid.slices).flatMap { volume.slice($0) })
    } catch {
      throw AnnotationError("\(url.lastPathComponent): \(error.description)")
    }
  }

  /// What the labels of a mask are called.
  private static func names(of map: LabelMap, _ settings: Settings) throws(AnnotationError) -> [Int16: String] {
    guard settings.labels.isEmpty else { return settings.labels }
    let labels = map.counts.keys.sorted()
    guard let only = labels.first, labels.count == 1 else {
      throw AnnotationError(
        labels.isEmpty
          ? "the mask is empty"
          : "the mask has the labels \(labels.map { "\($0)" }.joined(separator: ", ")); state with --labels which of them "
            + "are lesions")
    }
    return [only: unnamedLesion]
  }

  /// The parts of a path, the file's name without its endings among them.
  private static func hints(_ path: String) -> Set<String> {
    var hints = Set(path.split(separator: "/").map(String.init))
    for ending in [".nii.gz", ".nii", ".nrrd", ".seg.nrrd"] {
      for hint in hints where hint.lowercased().hasSuffix(ending) { hints.insert(String(hint.dropLast(ending.count))) }
    }
    return hints
  }

  /// An error without the file's name, which the list entry has.
  private static func reason(_ error: any Error, file: String) -> String {
    let text = "\(error)"
    guard text.hasPrefix("\(file):") else { return text }
    return text.dropFirst(file.count + 1).trimmingCharacters(in: .whitespaces)
  }
}
