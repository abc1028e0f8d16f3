public import Foundation
import Study
public import Support

extension LesionFeatureTable {
  /// Writes `features.csv`, `columns.csv` and `remarks.csv` into a folder, which is made where it is missing.
  ///
  /// - Throws: `StudyError` of kind `.file` where a file cannot be written.
  public func write(to folder: URL) throws(StudyError) {
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw StudyError(.file, "cannot make the folder \(folder.path): \(error.localizedDescription)")
    }
    let header = ["patient", "lesion", "reader", "phases", "volume_mm3"] + columns.map(\.key)
    let lines = rows.map { row in
      [row.patient, row.lesion, row.reader, row.phases.map(\.rawValue).joined(separator: " "), "\(row.volume)"]
        + row.values.map { $0.isNaN ? "" : "\($0)" }
    }
    try write([header] + lines, "features.csv", folder)
    let about = columns.map { column in
      [
        column.key, column.feature.family, column.feature.name, column.feature.image,
        column.phase?.rawValue ?? "outlined", column.kind.rawValue, column.base?.rawValue ?? "",
        column.kind == .relative ? "" : column.feature.unit, column.feature.settings, column.feature.definition,
      ]
    }
    let titles = [
      "column", "family", "feature", "image", "phase", "kind", "compared_with", "unit", "settings", "definition",
    ]
    try write([titles] + about, "columns.csv", folder)
    let remarks = remarks.map {
      [$0.patient, $0.lesion, $0.phase?.rawValue ?? "", $0.isFailure ? "failed" : "remark", "", $0.reason]
    }
    let undefined = undefined.map {
      [$0.patient, $0.lesion, $0.column.phase?.rawValue ?? "", "undefined", $0.column.key, $0.reason]
    }
    let remarkTitles = ["patient", "lesion", "phase", "kind", "column", "reason"]
    try write([remarkTitles] + remarks + undefined, "remarks.csv", folder)
  }

  private func write(_ rows: [[String]], _ name: String, _ folder: URL) throws(StudyError) {
    try AtomicFile.write(
      rows.map { $0.map(\.csvCell).joined(separator: ",") }.joined(separator: "\n") + "\n",
      to: folder.appendingPathComponent(name))
  }
}
