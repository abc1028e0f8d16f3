import Annotation
import DICOM
import Foundation
import Imaging
import Testing

@testable import Intake
@testable import Study

/// Masks of pynrrd and nibabel that state no place in the patient (Tests/Reference/contour_files.py).
struct ArrayAxesTests {
  private let reference: ReferenceSeries

  init() throws { reference = try ReferenceSeries() }

  /// Imports a fixture as the file `path` of a folder.
  @discardableResult
  private func run(_ fixture: String, as path: String, _ axes: ArrayAxes?) throws -> ContourImport.Summary {
    let folder = reference.test.url("masks")
    try? FileManager.default.removeItem(at: folder)
    let file = folder.appendingPathComponent(path)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try FileManager.default.copyItem(at: reference.fixtures.appendingPathComponent(fixture), to: file)
    return try ContourFile.run(folder, .init(arrayAxes: axes), into: reference.test.study)
  }

  private func expectRefusal(
    _ fixture: String, as path: String, _ axes: ArrayAxes?, _ reason: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let error = #expect(throws: AnnotationError.self, sourceLocation: sourceLocation) {
      try run(fixture, as: path, axes)
    }
    #expect(
      error?.description.contains(reason) == true, "\(error?.description ?? "")", sourceLocation: sourceLocation)
  }

  @Test(arguments: [
    ("array.nrrd", ArrayAxes.columnsRowsSlices), ("array-rows-first.nrrd", .rowsColumnsSlices),
    ("array-descending.nrrd", .columnsRowsDescendingSlices), ("array.nii.gz", .columnsRowsSlices),
  ])
  func `an array lies as is said`(_ name: String, _ axes: ArrayAxes) throws {
    try reference.writeSeries("P02")
    let summary = try run(name, as: "P01/\(name)", axes)
    #expect(summary.slices == 3 && summary.setAside == 0)
    #expect(try reference.masks()["P01"] == reference.expected())
    #expect(try reference.masks()["P02"]?.joined().contains(true) == false)
  }

  @Test(arguments: [
    (ArrayAxes.columnsRowsSlices, false, false), (.columnsRowsDescendingSlices, false, true),
    (.rowsColumnsSlices, true, false), (.rowsColumnsDescendingSlices, true, true),
  ])
  func `where sizes do not tell the axes apart, what is said decides`(
    _ axes: ArrayAxes, _ isTransposed: Bool, _ isReversed: Bool
  ) throws {
    // A cube of 3 x 3 x 3 voxels, of which one is marked in each slice: (2, 0, 0), (1, 0, 1) and (0, 1, 2).
    let voxels = (0..<27).map { [2, 10, 21].contains($0) ? UInt8(1) : 0 }
    let marked = [(2, 0), (1, 0), (0, 1)]
    try reference.writeSeries("P02", columns: 3, rows: 3)
    let file = reference.test.url("P02.nrrd")
    try Data(Array("NRRD0004\ntype: uint8\ndimension: 3\nsizes: 3 3 3\nencoding: raw\n\n".utf8) + voxels).write(
      to: file)
    _ = try ContourFile.run(file, .init(arrayAxes: axes), into: reference.test.study)
    let contours = try reference.test.study.read { try StoredContour.fetchAll($0) }
    let slices = try reference.test.study.read { try SlicePlace.all($0) }.filter { $0.patientID == "P02" }
    for slice in slices {
      let (first, second) = marked[isReversed ? 2 - slice.ordinal : slice.ordinal]
      let (column, row) = isTransposed ? (second, first) : (first, second)
      let mask = try #require(contours.first { $0.sliceId == slice.sliceId }).vertices.mask(columns: 3, rows: 3)
      #expect(mask.values == (0..<9).map { $0 == 3 * row + column }, "slice \(slice.ordinal)")
    }
    #expect(slices.count == 3 && contours.count == 3)
  }

  @Test(arguments: ["array.nrrd", "array.nii.gz"])
  func `nothing is guessed`(_ name: String) {
    expectRefusal(name, as: "P01/\(name)", nil, "state it with --array-axes")
    expectRefusal(name, as: name, .columnsRowsSlices, "its path names no patient")
    expectRefusal(
      name, as: "P01/\(name)", .rowsColumnsSlices,
      "has 6 columns, 8 rows and 3 slices; found in the series that its path names: 8 columns, 6 rows and 3 slices")
  }

  @Test func `a path names one patient`() throws {
    try reference.writeSeries("P02")
    expectRefusal("array.nrrd", as: "P01/P02.nrrd", .columnsRowsSlices, "its path names 2 patients")
    let uid = reference.test.uid("series of P02")
    expectRefusal("array.nrrd", as: "P01/\(uid).nrrd", .columnsRowsSlices, "its path names 2 patients")
  }

  @Test func `of a patient's series of the same sizes, the UID tells which`() throws {
    let first = reference.test.uid("series of P01")
    try reference.writeSeries("P01", "late")
    let late = reference.test.uid("series of late")
    expectRefusal(
      "array.nrrd", as: "P01/array.nrrd", .columnsRowsSlices,
      "2 of the series that its path names have its 8 columns, 6 rows and 3 slices")
    for path in ["\(late).nrrd", "P01/\(late).nrrd"] {
      try run("array.nrrd", as: path, .columnsRowsSlices)
      let masks = try reference.masks(by: \.seriesInstanceUID)
      #expect(masks[late] == reference.expected())
      #expect(masks[first]?.joined().contains(true) == false)
    }
    // A mask with a place, too, when the folder names the patient.
    try run("gzip-lps.nrrd", as: "P01/\(first).nrrd", nil)
    let masks = try reference.masks(by: \.seriesInstanceUID)
    #expect(masks[first] == reference.expected())
    #expect(masks[late]?.joined().contains(true) == false)
  }

  @Test func `slices whose heights are unknown have no order`() throws {
    try reference.writeSeries("P02") { $0.elements[.imagePositionPatient] = nil }
    expectRefusal("array.nrrd", as: "P02.nrrd", .columnsRowsSlices, "their order is unknown")
  }

  @Test func `a file that states its place, or a part of it, ignores what is said`() throws {
    try run("gzip-lps.nrrd", as: "P01/mask.nrrd", .rowsColumnsDescendingSlices)
    #expect(try reference.masks()["P01"] == reference.expected())
    let file = reference.test.url("P01.nrrd")
    for field in [
      "space: RAS", "space origin: (0,0,0)", "space directions: (1,0,0) (0,1,0) (0,0,1)", "axis mins: 0 0 0",
    ] {
      let header = "NRRD0004\ntype: uint8\ndimension: 3\nsizes: 8 6 3\nencoding: raw\n\(field)\n\n"
      try Data(Array(header.utf8) + [UInt8](repeating: 1, count: 144)).write(to: file)
      let error = #expect(throws: AnnotationError.self, "\(field)") {
        try ContourFile.run(file, .init(arrayAxes: .columnsRowsSlices), into: reference.test.study)
      }
      #expect(error?.description.contains("P01.nrrd: ") == true)
      #expect(error?.description.contains("--array-axes") == false)
    }
  }

  @Test func `what is typed is one of four`() throws {
    for axes in ArrayAxes.allCases { #expect(try ArrayAxes(typed: axes.rawValue) == axes) }
    for text in [
      "", "columns,rows", "slices,rows,columns", "columns,rows,+slices", "columns, rows, slices",
      "-columns,rows,slices",
    ] {
      let error = #expect(throws: AnnotationError.self, "\(text)") { try ArrayAxes(typed: text) }
      #expect(error?.description.hasSuffix("found \(text)") == true)
    }
  }
}
