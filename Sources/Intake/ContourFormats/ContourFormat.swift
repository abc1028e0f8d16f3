import Annotation
import Foundation
import Imaging
import Study

/// A format of contours: how a file of it is recognised by its contents, and how it is read.
struct ContourFormat: Sendable {
  /// What it is called.
  let name: String
  /// Whether a file is of the format, by the file and its first bytes, at most `startCount`.
  let recognises: @Sendable (_ file: URL, _ start: [UInt8]) -> Bool
  /// The outlines of a file on the study's slices, and what is no outline of a lesion.
  ///
  /// It throws where nothing of the file can be used.
  let read: @Sendable (_ request: ContourRequest, _ study: inout StudyPlanes) throws -> MDAIExport

  /// All formats, those with the plainest marks first.
  static let all: [ContourFormat] = [.nrrd, .nifti, .mdai, .segmentation, .structureSet]

  /// The most first bytes that a format asks for.
  static let startCount = 352

  /// The format of a file.
  ///
  /// - Throws: `AnnotationError` where it is of none; Foundation's error where it cannot be read.
  static func of(_ file: URL) throws -> ContourFormat {
    let handle = try FileHandle(forReadingFrom: file)
    defer { try? handle.close() }
    let start = [UInt8](try handle.read(upToCount: startCount) ?? Data())
    guard let format = all.first(where: { $0.recognises(file, start) }) else {
      throw AnnotationError(
        "\(file.lastPathComponent): its contents are of no known format; expected "
          + all.map(\.name).joined(separator: ", "))
    }
    return format
  }

  /// A JSON export of MD.ai, which names slices and readers itself.
  static let mdai = ContourFormat(name: "MD.ai's JSON") { _, start in
    let blank: [UInt8] = [0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF]
    return start.first { !blank.contains($0) } == UInt8(ascii: "{")
  } read: { request, _ in
    guard request.settings.reader == nil else {
      throw AnnotationError(
        "\(request.file.lastPathComponent): an export of MD.ai names its readers; --reader cannot be combined with it")
    }
    return try MDAI.read(request.file, lesionLabels: request.annotation.lesionLabels)
  }
}

/// A file that is to be read, and what is known of it.
struct ContourRequest {
  let file: URL
  /// The parts of its path, by which it may name a patient or series.
  let hints: Set<String>
  let settings: ContourFile.Settings
  let annotation: StudyProtocol.Annotation

  /// The file's own name in a sentence that refuses it.
  func refusal(_ reason: String) -> AnnotationError { AnnotationError("\(file.lastPathComponent): \(reason)") }

  /// Which numbered things of the file are lesions, and what they are called; the others are listed.
  ///
  /// `--labels` decides by number. Without it names decide, by the rule for labels of MD.ai; where there are no names, a thing that is
  /// alone is the lesion.
  /// - Throws: `AnnotationError` where none is a lesion, or it is not clear which.
  func lesions(
    among found: [(number: Int, name: String)], _ kind: String
  ) throws(AnnotationError) -> (names: [Int: String], skipped: [MDAIExport.Skipped]) {
    let list = found.map { $0.name.isEmpty ? "\($0.number)" : "\($0.number) \"\($0.name)\"" }.joined(separator: ", ")
    guard !found.isEmpty else { throw refusal("it has no \(kind)s: it is empty") }
    var names: [Int: String] = [:]
    if !settings.labels.isEmpty {
      for (number, name) in found {
        guard let stated = settings.labels[number] else { continue }
        names[number] = stated == ContourFile.unnamedLesion && !name.isEmpty ? name : stated
      }
    } else if found.contains(where: { !$0.name.isEmpty }) {
      let labels = LesionLabels(annotation.lesionLabels)
      for (number, name) in found where !name.isEmpty && labels.contains(name) { names[number] = name }
    } else if found.count == 1 {
      names[found[0].number] = ContourFile.unnamedLesion
    }
    guard !names.isEmpty else {
      throw refusal(
        "it has the \(kind)s \(list); "
          + (settings.labels.isEmpty
            ? "state with --labels which of them are lesions" : "--labels names none of them"))
    }
    let skipped = found.filter { names[$0.number] == nil }.map { number, name in
      MDAIExport.Skipped(
        annotationID: "\(file.lastPathComponent), \(kind) \(number)", studyInstanceUID: nil, seriesInstanceUID: nil,
        isDamaged: false,
        reason: settings.labels.isEmpty
          ? "its name \"\(name)\" is not among annotation.lesionLabels" : "--labels does not name it")
    }
    return (names, skipped)
  }

  /// A contour on a slice, from an outline whose whole numbers are pixel centres, in the terms of the protocol.
  func contour(_ outline: Polygon, id: String, lesion: String, on slice: SlicePlace) -> Contour {
    Contour(
      annotationID: id, studyInstanceUID: slice.studyInstanceUID, seriesInstanceUID: slice.seriesInstanceUID,
      sopInstanceUID: slice.sopInstanceUID, frame: slice.frame, labelName: lesion,
      reader: settings.reader ?? ContourFile.Settings.unnamedReader,
      vertices: annotation.integerCoordinate == .pixelCorner ? outline.vertices.map { $0 + 0.5 } : outline.vertices,
      width: slice.columns, height: slice.rows)
  }
}
