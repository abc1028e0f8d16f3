import Annotation
import DICOM
public import Foundation
import Imaging
public import Study
import Support

/// Writes a study's outlines as files of other programs' formats.
public enum ContourExport {
  /// A format.
  public enum Format: String, CaseIterable, Sendable {
    /// A JSON export of MD.ai: the vertices as they are.
    case mdai
    /// Label maps in NRRD, with the keys of 3D Slicer.
    case nrrd
    /// Label maps in NIfTI-1.
    case nifti
    /// DICOM segmentations, binary.
    case seg
    /// DICOM structure sets.
    case rtstruct
    /// KiTS-like label maps: 2 is tumour.
    case masks
  }

  /// What an export did.
  public struct Summary: Equatable, Sendable {
    /// Paths of the files written, relative to the folder.
    public var files: [String] = []
    /// What was not written: patient, reader and why.
    public var refused: [String] = []
  }

  /// Writes what readers drew into `folder`: each reader's first readings, without what was carried to other phases.
  ///
  /// The file of MD.ai is `contours.json`; the others are READER/PATIENT/SERIES with the format's ending, where SERIES is the
  /// SeriesInstanceUID, and masks READER/PATIENT/segmentation.nii.gz. A series that the format cannot express is refused with the
  /// reason; the others are written. Empty `readers` and `phases` take all of them.
  /// - Throws: `StudyError` where there is nothing to write, or a file cannot be written.
  public static func run(
    _ study: StudyFolder, as format: Format, readers: [String] = [], phases: [Phase] = [], to folder: URL
  ) throws -> Summary {
    let annotation = try study.readProtocol().annotation
    let all = try study.read {
      try OutlinedSeries.all(
        $0, readers: readers, phases: phases, labels: LesionLabels(annotation.lesionLabels))
    }
    let absent = readers.filter { reader in !all.contains { $0.reader == reader } }
    guard absent.isEmpty, !all.isEmpty else {
      throw StudyError(
        .file,
        absent.isEmpty
          ? "the study has no outlines\(phases.isEmpty ? "" : " on series of these phases")"
          : "the study has no outlines of the reader \(absent[0])\(phases.isEmpty ? "" : " on series of these phases")")
    }
    var planes = try StudyPlanes(study)
    guard let writer = ContourWriter.all[format] else {
      return try writeMDAI(all, annotation, &planes, to: folder)
    }
    var summary = Summary()
    var names = FileNames()
    for series in all {
      do {
        let path =
          try "\(names.name(series.reader, in: ""))/\(names.name(series.patientCode, in: series.reader))/"
          + fileName(series, format, among: all) + writer.ending
        let bytes = try writer.bytes(OutlineStack(series, &planes), &planes, study.url)
        try write(Data(bytes), to: folder.appendingPathComponent(path))
        summary.files.append(path)
      } catch let error as AnnotationError {
        summary.refused.append("\(series.patientCode), reader \(series.reader): \(error.description)")
      } catch let error as DICOMError {
        summary.refused.append("\(series.patientCode), reader \(series.reader): \(error.problem)")
      }
    }
    return summary
  }

  private static func fileName(
    _ series: OutlinedSeries, _ format: Format, among all: [OutlinedSeries]
  ) throws(AnnotationError) -> String {
    guard format == .masks else { return series.seriesInstanceUID }
    let others = all.count { $0.reader == series.reader && $0.patientCode == series.patientCode }
    guard others == 1 else {
      throw AnnotationError(
        "\(others) series are outlined, but KiTS has one map for each patient; choose one with --phase")
    }
    return "segmentation"
  }

  private static func write(_ data: Data, to url: URL) throws {
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try AtomicFile.write(data, to: url)
  }

  private static func writeMDAI(
    _ all: [OutlinedSeries], _ annotation: StudyProtocol.Annotation, _ planes: inout StudyPlanes, to folder: URL
  ) throws -> Summary {
    var ids: [String: Int] = [:]
    var contours: [Contour] = []
    for series in all {
      for lesion in series.lesions {
        for (index, outlines) in lesion.outlines.sorted(by: { $0.key < $1.key }) {
          let slice = series.slices[index]
          for (id, polygon) in outlines {
            // An import takes the first of each id.
            let count = (ids[id] ?? 0) + 1
            ids[id] = count
            contours.append(
              Contour(
                annotationID: count == 1 ? id : "\(id) (\(count))", studyInstanceUID: slice.studyInstanceUID,
                seriesInstanceUID: slice.seriesInstanceUID, sopInstanceUID: slice.sopInstanceUID,
                frame: try planes.frameCount(of: slice) > 1 ? slice.frame : nil, labelName: lesion.label,
                reader: series.reader,
                vertices: annotation.integerCoordinate == .pixelCorner
                  ? polygon.vertices.map { $0 + 0.5 } : polygon.vertices,
                width: slice.columns, height: slice.rows))
          }
        }
      }
    }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try MDAI.write(contours, to: folder.appendingPathComponent("contours.json"))
    return Summary(files: ["contours.json"])
  }
}

/// Names of files that any file system takes, different for different names.
private struct FileNames {
  private var given: [String: [String: String]] = [:]

  mutating func name(_ name: String, in folder: String) -> String {
    if let known = given[folder]?[name] { return known }
    var plain = String(
      name.unicodeScalars.map { scalar in
        scalar.isASCII
          && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil
            || "-_.".unicodeScalars.contains(scalar))
          ? Character(scalar) : "_"
      })
    if plain.isEmpty || plain.hasPrefix(".") { plain = "_" + plain }
    let taken = Set((given[folder] ?? [:]).values.map { $0.lowercased() })
    var unique = plain
    var number = 2
    while taken.contains(unique.lowercased()) {
      unique = "\(plain)-\(number)"
      number += 1
    }
    given[folder, default: [:]][name] = unique
    return unique
  }
}
