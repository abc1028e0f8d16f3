public import Foundation
import Support

/// MD.ai's JSON export of annotations, as its own Python client reads it; annotations that the client drops silently
/// are listed here.
public enum MDAI {
  /// Reads the lesions' contours of an export.
  ///
  /// Contours are the annotations whose label has the mode `polygon`, `freeform` or `mask` and is named, by name or id, in
  /// `lesionLabels`, where `Tumor` names `Tumor 2` too; an empty list takes every label of those modes. A mask's contours
  /// are the outlines of its foreground less its background. Bounding boxes, ellipses and everything else outline no
  /// tumour: they are listed, not taken. Vertices stay as they are written,
  /// in pixels of the image that they were drawn on; whether they can be right is `Polygon.validate`'s question, when the
  /// slice is known.
  /// - Throws: `AnnotationError` with file and line where the file cannot be read, is no JSON, or has another layout.
  public static func read(_ url: URL, lesionLabels: [String]) throws(AnnotationError) -> MDAIExport {
    let name = url.lastPathComponent
    let data: Data
    do {
      data = try Data(contentsOf: url)
    } catch {
      let reason = FileContents.obstacle(to: url) ?? error.localizedDescription
      throw AnnotationError("\(name) cannot be read: \(reason)")
    }
    do throws(JSONTree.SyntaxError) {
      return try MDAIReading(try JSONTree(data), name: name, lesionLabels: lesionLabels).export()
    } catch {
      throw AnnotationError("\(name):\(error.line): \(error.message); is this a complete JSON export of MD.ai?")
    }
  }
}

/// What a MD.ai export holds.
public struct MDAIExport: Equatable, Sendable {
  /// An annotation that is no lesion's contour, or could not be taken as one.
  public struct Skipped: Equatable, Sendable {
    /// The annotation's id in the export; its place where it has none.
    public var annotationID: String
    /// The exam's DICOM UID, where the annotation states it.
    public var studyInstanceUID: String?
    /// The series' DICOM UID, where the annotation states it.
    public var seriesInstanceUID: String?
    /// Whether a lesion's contour was meant, which is now missing.
    public var isDamaged: Bool
    /// Why it was not taken, with its line in the file.
    public var reason: String

    /// States what was not taken.
    public init(
      annotationID: String, studyInstanceUID: String?, seriesInstanceUID: String?, isDamaged: Bool, reason: String
    ) {
      (self.annotationID, self.studyInstanceUID) = (annotationID, studyInstanceUID)
      (self.seriesInstanceUID, self.isDamaged, self.reason) = (seriesInstanceUID, isDamaged, reason)
    }
  }

  /// The lesions' contours, in the order of the file.
  public var contours: [Contour]
  /// Every annotation that is not among the contours, in the order of the file.
  public var skipped: [Skipped]

  /// Makes an export from its parts.
  public init(contours: [Contour] = [], skipped: [Skipped] = []) {
    (self.contours, self.skipped) = (contours, skipped)
  }
}

/// Why a file of annotations cannot be read: file, line, what was expected and found.
public struct AnnotationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// One or more sentences for the person at the terminal.
  public let description: String

  /// Makes an error from its sentence.
  public init(_ description: String) { self.description = description }
}
