public import Annotation
public import Foundation
public import Study
import Support

/// Files of contours, known by their contents: a JSON export of MD.ai, masks in NRRD and NIfTI, DICOM segmentations and structure sets.
public enum ContourFile {
  /// What files do not say themselves.
  public struct Settings: Equatable, Sendable {
    /// The reader who drew what the files hold, or nil for `unnamedReader`.
    ///
    /// An export of MD.ai names its readers itself, so that it must be nil.
    public var reader: String?
    /// The labels, segments or regions that are lesions, by number, each with the lesion's name; empty where names decide, or there is
    /// only one.
    public var labels: [Int: String]
    /// How masks lie whose files state no place, or nil where that is not known; others have no use for it.
    public var arrayAxes: ArrayAxes?

    /// The reader of files where none is stated.
    public static let unnamedReader = "import"

    /// States the settings.
    public init(reader: String? = nil, labels: [Int: String] = [:], arrayAxes: ArrayAxes? = nil) {
      (self.reader, self.labels, self.arrayAxes) = (reader, labels, arrayAxes)
    }
  }

  /// The name of a lesion whose label says none: it names none of a patient's several lesions.
  public static let unnamedLesion = "lesion"

  /// Takes over the contours of a file or, of a folder, of all files in it, in place of those of the same readers.
  ///
  /// A mask lies on the series whose pixels are its voxels, within 0.01 of a voxel in the patient's coordinates; where its file states
  /// no place, as `Settings.arrayAxes` says. DICOM files name their slices, or lie in the slices' frame of reference. A file of a folder
  /// that cannot be read or matched is listed; a file that is given alone, and cannot be, is an error.
  /// - Throws: `AnnotationError`, `DICOMError`, `StudyError` where nothing can be taken, or the study not be written.
  public static func run(
    _ url: URL, _ settings: Settings = Settings(), into study: StudyFolder
  ) throws -> ContourImport.Summary {
    try study.requireImages(for: "contours are drawn on slices")
    let annotation = try study.readProtocol().annotation
    var planes = try StudyPlanes(study)
    func read(_ file: URL, path: String) throws -> MDAIExport {
      let request = ContourRequest(file: file, hints: hints(path), settings: settings, annotation: annotation)
      return try ContourFormat.of(file).read(request, &planes)
    }
    guard (try? url.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true else {
      let export = try read(url, path: url.lastPathComponent)
      return try ContourImport.run(
        export.contours, skipped: export.skipped, source: url.lastPathComponent, into: study)
    }
    var folder = FolderContents()
    let files = try FileManager.default.enumerator(atPath: url.path)?.compactMap { $0 as? String }.sorted()
      .filter { try url.appendingPathComponent($0).resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true }
    let dataFiles = Set((files ?? []).compactMap { NRRDFile.dataFile(of: url.appendingPathComponent($0))?.path })
    for path in files ?? [] {
      let file = url.appendingPathComponent(path)
      // Voxels are read with the header that names them.
      if dataFiles.contains(file.path) { continue }
      do {
        folder.add(try read(file, path: path), of: path)
      } catch let error as StudyError {
        throw error
      } catch {
        folder.refuse(path, reason(error, file: file.lastPathComponent))
      }
    }
    let export = try folder.export(named: url.lastPathComponent)
    return try ContourImport.run(export.contours, skipped: export.skipped, source: url.lastPathComponent, into: study)
  }

  /// The parts of a path, the file's name without its endings among them.
  private static func hints(_ path: String) -> Set<String> {
    var hints = Set(path.split(separator: "/").map(String.init))
    for ending in [".nii.gz", ".nii", ".nrrd", ".seg.nrrd", ".nhdr", ".dcm"] {
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

/// What the files of a folder gave together.
private struct FolderContents {
  private var contours: [Contour] = []
  private var skipped: [MDAIExport.Skipped] = []
  private var fileCount = 0
  /// The file that outlined a lesion of a reader on a slice first.
  private var first: [Outlined: String] = [:]

  private struct Outlined: Hashable {
    let reader: String
    let instance: String
    let frame: Int?
    let label: String

    init(_ contour: Contour) {
      (reader, instance) = (contour.reader, contour.sopInstanceUID)
      (frame, label) = (contour.frame, contour.labelName)
    }
  }

  /// Adds a file; one that outlines what another one has outlined already is refused, for they would be taken for one outline.
  mutating func add(_ export: MDAIExport, of path: String) {
    let outlined = Set(export.contours.map(Outlined.init))
    if let other = outlined.compactMap({ first[$0] }).min() {
      return refuse(
        path,
        "it outlines the same lesion on the same slices as \(other); import the files of each reader by themselves, with --reader"
      )
    }
    fileCount += 1
    for key in outlined { first[key] = path }
    contours += export.contours
    skipped += export.skipped
  }

  mutating func refuse(_ path: String, _ reason: String) {
    fileCount += 1
    skipped.append(
      .init(annotationID: path, studyInstanceUID: nil, seriesInstanceUID: nil, isDamaged: false, reason: reason))
  }

  /// - Throws: `AnnotationError` where no file gave a contour.
  func export(named name: String) throws(AnnotationError) -> MDAIExport {
    guard !contours.isEmpty else {
      throw AnnotationError(
        "\(name): none of its \(fileCount) files gave a contour; the first: "
          + (skipped.first?.reason ?? "the folder is empty"))
    }
    return MDAIExport(contours: contours, skipped: skipped)
  }
}
