import Annotation
import Foundation
import GRDB
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
  /// All slices of the reader whose contours the ROIs were cut around count, also those that no ROI was made of. A lesion on
  /// slices without a pixel spacing has none.
  /// - Throws: `StudyError` where the study cannot be read, or holds a contour that is none.
  public static func all(in study: StudyFolder) throws -> [Int64: Double] {
    let outlines = try study.read { database in
      try Outline.fetchAll(
        database,
        sql: """
          SELECT contour.lesionId, contour.vertices, slice.rowSpacing, slice.columnSpacing
            FROM contour JOIN slice ON slice.id = contour.sliceId
            WHERE slice.rowSpacing IS NOT NULL AND slice.columnSpacing IS NOT NULL
              AND (contour.lesionId, contour.reader) IN (SELECT lesionId, reader FROM roi)
          """)
    }
    let extents = ParallelMap.run(outlines, chunk: 64) { outline in
      Result {
        let polygon = try JSONText.polygon(outline.vertices)
        return largestDistance(
          polygon.vertices.map { SIMD2($0.x * outline.columnSpacing, $0.y * outline.rowSpacing) })
      }
    }
    var largest: [Int64: Double] = [:]
    for (outline, extent) in zip(outlines, extents) {
      largest[outline.lesionId] = max(largest[outline.lesionId] ?? 0, try extent.get())
    }
    return largest
  }

  /// The largest distance between two of `points`, which are corners of their convex hull.
  static func largestDistance(_ points: [SIMD2<Double>]) -> Double {
    let sorted = points.sorted { ($0.x, $0.y) < ($1.x, $1.y) }
    func chain(_ points: some Sequence<SIMD2<Double>>) -> [SIMD2<Double>] {
      points.reduce(into: []) { hull, point in
        while hull.count > 1 {
          let (a, b) = (hull[hull.count - 1] - hull[hull.count - 2], point - hull[hull.count - 1])
          guard a.x * b.y - a.y * b.x <= 0 else { break }
          hull.removeLast()
        }
        hull.append(point)
      }
    }
    let hull = chain(sorted) + chain(sorted.reversed())
    var largest = 0.0
    for (index, first) in hull.enumerated() {
      for second in hull[..<index] { largest = max(largest, ((first - second) * (first - second)).sum()) }
    }
    return largest.squareRoot()
  }
}
