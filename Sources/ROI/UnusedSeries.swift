import Foundation
import GRDB
import Study

/// Contours on series that the selection set aside, such as a reformat or a projection: they give no ROI, and a remark
/// says so.
///
/// A spare series (another one is used for its phase) still gives ROIs.
enum UnusedSeries {
  typealias Unused = (contour: ROIPlan.PlacedContour, reason: String)

  /// The contours that count, and the others with the selection's reason.
  static func removed(
    from contours: [ROIPlan.PlacedContour], _ database: Database
  ) throws -> (kept: [ROIPlan.PlacedContour], unused: [Unused]) {
    let rows = try Row.fetchAll(database, sql: "SELECT seriesId, reasons FROM seriesPhase WHERE phase IS NULL")
    let reasons = try Dictionary(
      uniqueKeysWithValues: rows.map { row in
        let reasons = try JSONDecoder().decode([String].self, from: Data((row[1] as String).utf8))
        return (row[0] as Int64, reasons.joined(separator: "; "))
      })
    var kept: [ROIPlan.PlacedContour] = []
    var unused: [Unused] = []
    for contour in contours {
      if let reason = reasons[contour.place.seriesId] {
        unused.append((contour, reason))
      } else {
        kept.append(contour)
      }
    }
    return (kept, unused)
  }

  /// What is said of one lesion's unused contours; its patient is left out where the lesion has no others.
  static func remarks(on unused: [Unused], patientCode: String, isAll: Bool) -> [SetAside] {
    Dictionary(grouping: unused, by: \.contour.place.seriesId).sorted { $0.key < $1.key }.map { _, unused in
      let reason = unused.first?.reason ?? ""
      let outlines = unused.count == 1 ? "1 outline" : "\(unused.count) outlines"
      let advice =
        isAll ? " The lesion has no other outline, so its patient is excluded; outline it on a used series." : ""
      return SetAside(
        stage: .rois, patientCode: patientCode, excludes: isAll,
        subject: "series \(unused.first?.contour.place.seriesInstanceUID ?? "")",
        reason: "no ROI is made from \(outlines) on a series that the selection set aside: \(reason).\(advice)")
    }
  }
}
