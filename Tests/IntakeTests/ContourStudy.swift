import Annotation
import DICOM
import Foundation
import GRDB
import Imaging
import Support
import Testing

@testable import Intake
@testable import Study

/// A study of two patients on a grid of pixels that are not square, with outlines that are hard to write.
///
/// P01 has two lesions: with a hole, at the image's border, twice in one slice, both in one slice, and with a slice left out. P02 has one.
struct ContourStudy {
  /// How the slices lie.
  enum Lie: String, CaseIterable, Sendable {
    /// Rows to the left, columns to the back.
    case axial
    /// Turned about two axes.
    case oblique
    /// Columns to the front, so that the normal points to the feet.
    case downwards

    var directions: (across: SIMD3<Double>, down: SIMD3<Double>) {
      let (a, b) = (0.17, 0.11)
      switch self {
      case .axial: return (SIMD3(1, 0, 0), SIMD3(0, 1, 0))
      case .downwards: return (SIMD3(1, 0, 0), SIMD3(0, -1, 0))
      case .oblique:
        return (SIMD3(cos(b), sin(b), 0), SIMD3(-sin(b) * cos(a), cos(b) * cos(a), sin(a)))
      }
    }
  }

  static let (columns, rows, slices) = (24, 18, 5)
  let test: ImportFolder

  init(_ lie: Lie = .oblique, heights: [Double] = (0..<slices).map { 2.5 * Double($0) }, corner: Bool = false) throws {
    test = try ImportFolder(
      patientIDs: "codes", corner ? [("integerCoordinate: pixelCentre", "integerCoordinate: pixelCorner")] : [])
    for patient in ["P01", "P02"] { try writeSeries(patient, lie, heights) }
    try test.importDICOM("dicom")
    _ = try test.importPathology("patient,lesion,grade\nP01,left,2\nP01,right,3\nP02,left,3\n")
    let contours = Self.outlines.enumerated().map { index, outline in
      Contour(
        annotationID: "outline \(index)", studyInstanceUID: test.uid("exam of \(outline.patient)"),
        seriesInstanceUID: test.uid("series of \(outline.patient)"),
        sopInstanceUID: test.uid("\(outline.patient) \(outline.slice)"), labelName: "Tumor \(outline.lesion)",
        reader: "anna",
        vertices: outline.vertices.map { corner ? $0 + 0.5 : $0 }, width: Self.columns, height: Self.rows)
    }
    let summary = try ContourImport.run(contours, source: "test", into: test.study)
    try #require(summary.contours == Self.outlines.count && summary.setAside == 0)
  }

  private func writeSeries(_ patient: String, _ lie: Lie, _ heights: [Double]) throws {
    let (across, down) = lie.directions
    let normal = across.cross(down)
    for (index, height) in heights.enumerated() {
      let shift = patient == "P01" ? 0.0 : 100
      var slice = CTInstance(
        patientID: patient, studyInstanceUID: test.uid("exam of \(patient)"),
        seriesInstanceUID: test.uid("series of \(patient)"), sopInstanceUID: test.uid("\(patient) \(index)"),
        columns: Self.columns, rows: Self.rows,
        storedValues: (0..<Self.columns * Self.rows).map { Int16($0 + 50 * index) },
        position: SIMD3(-10 + shift, 20, 30) + height * normal, pixelSpacing: PixelSpacing(row: 0.5, column: 0.75),
        sliceThickness: 2.5)
      slice.elements[.imageOrientationPatient] = CTInstance.decimals([
        across.x, across.y, across.z, down.x, down.y, down.z,
      ])
      slice.elements[.instanceNumber] = "\(index + 1)"
      slice.elements[.frameOfReferenceUID] = test.uid("frame of reference of \(patient)")
      let url = test.url("dicom/\(patient)/\(index).dcm")
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try slice.write(to: url)
    }
  }

  struct Outline {
    let patient: String
    let lesion: String
    let slice: Int
    let vertices: [SIMD2<Double>]
  }

  private static func ring(_ x: Double, _ y: Double, _ width: Double, _ height: Double, corners: Int = 11)
    -> [SIMD2<Double>]
  {
    (0..<corners).map { corner in
      let angle = 2 * Double.pi * Double(corner) / Double(corners)
      let wobble = 1 + 0.08 * sin(3 * angle)
      return SIMD2(x + width * wobble * cos(angle), y + height * wobble * sin(angle))
    }
  }

  static let outlines: [Outline] = [
    // At the image's border.
    Outline(
      patient: "P01", lesion: "left", slice: 1,
      vertices: [SIMD2(-0.5, -0.5), SIMD2(7.3, -0.5), SIMD2(8.1, 4.7), SIMD2(3.3, 6.1), SIMD2(-0.5, 5.2)]),
    // Two holes, and an island in one of them.
    Outline(patient: "P01", lesion: "left", slice: 2, vertices: ring(8, 8, 7, 6.5)),
    Outline(patient: "P01", lesion: "left", slice: 2, vertices: ring(5.5, 7.5, 2.4, 3.1, corners: 9)),
    Outline(patient: "P01", lesion: "left", slice: 2, vertices: ring(5.5, 7.5, 1.1, 1.2, corners: 5)),
    Outline(patient: "P01", lesion: "left", slice: 2, vertices: ring(10.8, 8.6, 1.7, 1.6, corners: 7)),
    // Twice in one slice.
    Outline(patient: "P01", lesion: "left", slice: 3, vertices: ring(5.2, 5.7, 3.3, 2.9)),
    Outline(patient: "P01", lesion: "left", slice: 3, vertices: ring(13.4, 11.6, 3.6, 3.2)),
    // Beside the other lesion, and with a slice left out.
    Outline(patient: "P01", lesion: "right", slice: 0, vertices: ring(19, 9, 3.4, 4.4)),
    Outline(patient: "P01", lesion: "right", slice: 2, vertices: ring(19.4, 9.3, 3.2, 4.1)),
    Outline(patient: "P02", lesion: "left", slice: 2, vertices: ring(11, 8, 6.6, 5.4)),
    Outline(patient: "P02", lesion: "left", slice: 3, vertices: ring(11.4, 8.8, 5.3, 4.4)),
  ]

  /// What a reader's outlines of each lesion on each slice are, as "P01 left 2".
  func outlines(of reader: String) throws -> [String: [Polygon]] {
    let rows = try test.study.read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT patient.code, lesion.name, slice.sopInstanceUID, contour.vertices FROM contour
            JOIN lesion ON lesion.id = contour.lesionId JOIN patient ON patient.id = lesion.patientId
            JOIN slice ON slice.id = contour.sliceId
          WHERE contour.reader = ? ORDER BY contour.id
          """, arguments: [reader]
      ).map { ($0[0] as String, $0[1] as String, $0[2] as String, $0[3] as String) }
    }
    var found: [String: [Polygon]] = [:]
    for (code, lesion, instance, vertices) in rows {
      let slice = try #require((0..<Self.slices).first { test.uid("\(code) \($0)") == instance })
      let polygon = try JSONDecoder().decode(Polygon.self, from: Data(vertices.utf8))
      found["\(code) \(lesion) \(slice)", default: []].append(polygon)
    }
    return found
  }

  /// The pixels of the same.
  func masks(of reader: String) throws -> [String: PixelMask] {
    try outlines(of: reader).mapValues { PolygonRegion($0).unionMask(columns: Self.columns, rows: Self.rows) }
  }

  func export(_ format: ContourExport.Format, readers: [String] = ["anna"]) throws -> (URL, ContourExport.Summary) {
    let folder = test.url("export \(format.rawValue)")
    return (folder, try ContourExport.run(test.study, as: format, readers: readers, to: folder))
  }
}
