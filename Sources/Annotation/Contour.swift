public import Imaging

/// One closed outline of one reader on one slice, as an annotation tool exported it.
public struct Contour: Codable, Equatable, Sendable {
  /// The annotation's id in its source.
  public var annotationID: String
  /// The exam's DICOM UID.
  public var studyInstanceUID: String
  /// The series' DICOM UID.
  public var seriesInstanceUID: String
  /// The slice's DICOM UID.
  public var sopInstanceUID: String
  /// The frame within a multi-frame instance, from 0; nil where the annotation names none.
  public var frame: Int?
  /// The label's name, such as `Lesion`.
  public var labelName: String
  /// The id of the reader who drew it.
  public var reader: String
  /// The corners in pixels of an image of `width` x `height`, none repeated at the end.
  public var vertices: [SIMD2<Double>]
  /// The width in pixels of the image that it was drawn on; nil where unknown, then the slice's own.
  public var width: Int?
  /// The height in pixels of the image that it was drawn on; nil where unknown, then the slice's own.
  public var height: Int?

  /// Makes a contour from its parts.
  public init(
    annotationID: String, studyInstanceUID: String, seriesInstanceUID: String, sopInstanceUID: String,
    frame: Int? = nil,
    labelName: String, reader: String, vertices: [SIMD2<Double>], width: Int?, height: Int?
  ) {
    self.annotationID = annotationID
    self.studyInstanceUID = studyInstanceUID
    self.seriesInstanceUID = seriesInstanceUID
    self.sopInstanceUID = sopInstanceUID
    self.frame = frame
    self.labelName = labelName
    self.reader = reader
    self.vertices = vertices
    self.width = width
    self.height = height
  }

  /// The polygon in the pixels of a slice of `columns` x `rows`, both sides reading an integer as a pixel's centre.
  public func scaled(columns: Int, rows: Int) -> Polygon {
    let scale = SIMD2(
      width.map { $0 > 0 ? Double(columns) / Double($0) : 1 } ?? 1,
      height.map { $0 > 0 ? Double(rows) / Double($0) : 1 } ?? 1)
    guard scale != SIMD2(1, 1) else { return Polygon(vertices: vertices) }
    return Polygon(vertices: vertices.map { ($0 + 0.5) * scale - 0.5 })
  }
}
