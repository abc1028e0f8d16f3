import Annotation
import Clinical
import Foundation
import Imaging
import Study
import Support

extension FuzzTarget {
  /// MD.ai's JSON, and what becomes of its outlines.
  static let contours = FuzzTarget(
    name: "contours", isText: true,
    sources: { try files("Tests/AnnotationTests/Fixtures") { $0.hasSuffix(".json") } }
  ) { file in
    guard let export = try? MDAI.read(file, lesionLabels: []) else { return }
    for contour in export.contours {
      let polygon = Polygon(vertices: contour.vertices)
      guard (try? polygon.validate(columns: 512, rows: 512)) != nil else { continue }
      for rasterisation in Rasterisation.allCases {
        _ = polygon.mask(columns: 512, rows: 512, rasterisation).outlines()
      }
      _ = (polygon.area, polygon.centroid, polygon.diameter)
    }
  }

  /// Tables.
  static let csv = FuzzTarget(
    name: "csv", isText: true,
    sources: {
      try files("Tests/IntakeTests/Fixtures", "Tests/ExperimentTests/Fixtures") {
        $0.hasSuffix(".csv") || $0.hasSuffix(".tsv")
      }
    }
  ) { file in
    guard let table = try? DelimitedTable(contentsOf: file) else { return }
    for cell in table.rows.flatMap(\.cells.values) { _ = (ClinicalCell(cell).value, Grade(text: cell)) }
  }

  /// Protocols.
  static let yaml = FuzzTarget(
    name: "yaml", isText: true,
    sources: { try files("Protocols", "Tests/ExperimentTests/Fixtures") { $0.hasSuffix(".yaml") } }
  ) { file in
    _ = try? StudyProtocol(contentsOf: file).yaml
  }
}
