import Annotation
import DICOM
import Foundation
import Imaging
import Support
import Testing

@testable import Intake
@testable import Study

/// The study of the files that Tests/Reference/contour_files.py writes.
struct ReferenceSeries {
  let test: ImportFolder
  let fixtures: URL

  /// A study with the series of P01.
  init() throws {
    test = try ImportFolder(patientIDs: "codes")
    fixtures = try #require(Bundle.module.url(forResource: "Fixtures/contours", withExtension: nil))
    try writeSeries("P01")
  }

  /// Writes 3 oblique slices into the study, those of `name` beside any others of the patient.
  func writeSeries(
    _ patient: String, _ name: String? = nil, columns: Int = 8, rows: Int = 6,
    spacing: PixelSpacing = PixelSpacing(row: 0.5, column: 0.75),
    _ change: (inout CTInstance) -> Void = { _ in }
  ) throws {
    let name = name ?? patient
    let angle = 10 * Double.pi / 180
    for index in 0..<3 {
      let height = 2.5 * Double(index)
      var slice = CTInstance(
        patientID: patient, studyInstanceUID: test.uid(patient), seriesInstanceUID: test.uid("series of \(name)"),
        sopInstanceUID: test.uid("\(name) \(index)"), columns: columns, rows: rows,
        storedValues: (0..<columns * rows).map { Int16($0 + 50 * index) },
        position: SIMD3(-10, 20 - height * sin(angle), 30 + height * cos(angle)),
        pixelSpacing: spacing, sliceThickness: 2.5)
      slice.elements[.imageOrientationPatient] = CTInstance.decimals([1, 0, 0, 0, cos(angle), sin(angle)])
      change(&slice)
      let url = test.url("\(name)/\(index).dcm")
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try slice.write(to: url)
    }
    try test.importDICOM(name)
    let table = test.url("pathology.csv")
    try AtomicFile.write("patient,lesion,grade\nP01,left,2\nP02,left,3\nP03,left,3\n", to: table)
    _ = try PathologyImport.run(table, into: test.study)
  }

  /// Whether a pixel is inside the mask of the files.
  func isInside(_ column: Int, _ row: Int, _ slice: Int) -> Bool {
    (7 * column + 3 * row + 5 * slice + column * row) % 3 == 0
  }

  /// The pixels inside the stored outlines of each slice, by place, and by patient or what else is asked for.
  func masks(by key: (SlicePlace) -> String = \.patientID) throws -> [String: [[Bool]]] {
    let contours = try test.study.read { try StoredContour.fetchAll($0) }
    let slices = try test.study.read { try SlicePlace.all($0) }
    return Dictionary(grouping: slices, by: key).mapValues { slices in
      slices.sorted { $0.ordinal < $1.ordinal }.map { slice in
        contours.filter { $0.sliceId == slice.sliceId }.reduce(into: Array(repeating: false, count: 48)) { all, next in
          for (index, isIn) in next.vertices.mask(columns: 8, rows: 6).values.enumerated() where isIn {
            all[index].toggle()
          }
        }
      }
    }
  }

  /// The mask of the files, slice by slice.
  func expected(fromColumn first: Int = 0) -> [[Bool]] {
    (0..<3).map { slice in
      (0..<48).map { $0 % 8 >= first && isInside($0 % 8, $0 / 8, slice) }
    }
  }
}
