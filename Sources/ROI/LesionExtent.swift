import Foundation
import GRDB
import Imaging
public import Study
import Support

/// How large a lesion's outline is: what every study has, where its table states no size.
public enum LesionExtent {
  private struct Outline: Decodable, FetchableRecord {
    let lesionId: Int64
    let vertices: String
    let rowSpacing: Double
    let columnSpacing: Double
  }

  /// The largest distance in mm between two corners of one slice's outline, by lesion, of those that have ROIs.
  ///
  /// All slices of the reader whose contours the ROIs were cut around count, also those that no ROI was made of; carried outlines do
  /// not. A lesion on slices without a pixel spacing has none.
  /// - Throws: `StudyError` where the study cannot be read, or holds a contour that is none.
  public static func all(in study: StudyFolder) throws -> [Int64: Double] { try all(study.tables) }

  /// The same of some tables, such as those of an exam.
  public static func all(_ tables: StudyTables) throws -> [Int64: Double] {
    let outlines = try tables.read { database in
      try Outline.fetchAll(
        database,
        sql: """
          SELECT contour.lesionId, contour.vertices, slice.rowSpacing, slice.columnSpacing
            FROM contour JOIN slice ON slice.id = contour.sliceId
            WHERE slice.rowSpacing IS NOT NULL AND slice.columnSpacing IS NOT NULL
              AND contour.carriedId IS NULL AND contour.occasion = 1
              AND (contour.lesionId, contour.reader) IN (SELECT lesionId, reader FROM roi)
          """)
    }
    let extents = ParallelMap.run(outlines, chunk: 64) { outline in
      Result {
        let polygon = try JSONText.polygon(outline.vertices)
        let millimetres = SIMD2(outline.columnSpacing, outline.rowSpacing)
        return Polygon(vertices: polygon.vertices.map { $0 * millimetres }).diameter
      }
    }
    var largest: [Int64: Double] = [:]
    for (outline, extent) in zip(outlines, extents) {
      largest[outline.lesionId] = max(largest[outline.lesionId] ?? 0, try extent.get())
    }
    return largest
  }
}
