public import GRDB
public import Imaging

/// A contour in the study's tables, in pixel coordinates of its slice (an integer is a pixel's centre).
public struct StoredContour: Codable, Equatable, Sendable, FetchableRecord, PersistableRecord {
  /// The slice's key.
  public var sliceId: Int64
  /// The lesion's key.
  public var lesionId: Int64
  /// The id of the reader who drew it, also where it was carried from another series.
  public var reader: String
  /// The annotation's id in its source.
  public var annotationID: String
  /// The vertices.
  public var vertices: Polygon
  /// The key of the `CarriedOutline` that it belongs to; nil where a reader drew it on this slice.
  public var carriedId: Int64?
  /// 1 for the first time that the reader outlined the exam, 2 for a hidden repeat.
  public var occasion: Int
  /// Where it came from.
  public var source: Source

  /// Where a contour came from.
  public enum Source: String, Codable, Sendable {
    /// A file.
    case `import`
    /// The page on which readers outline: the row follows from the journal.
    case page
  }

  /// Makes a row from its columns.
  public init(
    sliceId: Int64, lesionId: Int64, reader: String, annotationID: String, vertices: Polygon, carriedId: Int64? = nil,
    occasion: Int = 1, source: Source = .import
  ) {
    (self.sliceId, self.lesionId, self.reader) = (sliceId, lesionId, reader)
    (self.annotationID, self.vertices, self.carriedId) = (annotationID, vertices, carriedId)
    (self.occasion, self.source) = (occasion, source)
  }

  /// The table's name.
  public static let databaseTableName = "contour"
}
