import Annotation
import DICOM
import Foundation
import Imaging
import Support
import Testing

@testable import Intake
@testable import Study

/// Masks written by pynrrd and nibabel (Tests/Reference/contour_files.py) on an oblique series of pixels that are not square.
struct ContourFileTests {
  private let test: ImportFolder
  private let fixtures: URL

  init() throws {
    test = try ImportFolder(patientIDs: "codes")
    fixtures = try #require(Bundle.module.url(forResource: "Fixtures/contours", withExtension: nil))
    try writeSeries("P01")
  }

  private func writeSeries(_ patient: String) throws {
    let angle = 10 * Double.pi / 180
    for index in 0..<3 {
      let height = 2.5 * Double(index)
      var slice = CTInstance(
        patientID: patient, studyInstanceUID: test.uid(patient), seriesInstanceUID: test.uid("series of \(patient)"),
        sopInstanceUID: test.uid("\(patient) \(index)"), columns: 8, rows: 6,
        storedValues: (0..<48).map { Int16($0 + 50 * index) },
        position: SIMD3(-10, 20 - height * sin(angle), 30 + height * cos(angle)),
        pixelSpacing: PixelSpacing(row: 0.5, column: 0.75), sliceThickness: 2.5)
      slice.elements[.imageOrientationPatient] = CTInstance.decimals([1, 0, 0, 0, cos(angle), sin(angle)])
      let url = test.url("\(patient)/\(index).dcm")
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try slice.write(to: url)
    }
    try test.importDICOM(patient)
    let table = test.url("pathology.csv")
    try AtomicFile.write("patient,lesion,grade\nP01,left,2\nP02,left,3\n", to: table)
    _ = try PathologyImport.run(table, into: test.study)
  }

  private func isInside(_ column: Int, _ row: Int, _ slice: Int) -> Bool {
    (7 * column + 3 * row + 5 * slice + column * row) % 3 == 0
  }

  /// The pixels inside the stored outlines of each slice, by patient and place.
  private func masks() throws -> [String: [[Bool]]] {
    let contours = try test.study.read { try StoredContour.fetchAll($0) }
    let slices = try test.study.read { try SlicePlace.all($0) }
    return Dictionary(grouping: slices, by: \.patientID).mapValues { slices in
      slices.sorted { $0.ordinal < $1.ordinal }.map { slice in
        contours.filter { $0.sliceId == slice.sliceId }.reduce(into: Array(repeating: false, count: 48)) { all, next in
          for (index, isIn) in next.vertices.mask(columns: 8, rows: 6).values.enumerated() where isIn {
            all[index].toggle()
          }
        }
      }
    }
  }

  private func expected(fromColumn first: Int = 0) -> [[Bool]] {
    (0..<3).map { slice in
      (0..<48).map { $0 % 8 >= first && isInside($0 % 8, $0 / 8, slice) }
    }
  }

  @Test(arguments: ["gzip-lps.nrrd", "raw-ras-reversed.nrrd", "mask.nii.gz", "cropped.seg.nrrd"])
  func `a mask comes back bit for bit`(_ name: String) throws {
    let summary = try ContourFile.run(fixtures.appendingPathComponent(name), .init(reader: "anna"), into: test.study)
    #expect(summary.slices == 3)
    #expect(try masks()["P01"] == expected(fromColumn: name.hasPrefix("cropped") ? 2 : 0))
    #expect(try Set(test.study.read { try StoredContour.fetchAll($0) }.map(\.reader)) == ["anna"])
  }

  @Test func `a corner protocol stores the same outlines`() throws {
    let text = try String(contentsOf: test.study.protocolFile, encoding: .utf8)
    let changed = text.replacing("integerCoordinate: pixelCentre", with: "integerCoordinate: pixelCorner")
    try #require(changed != text)
    try Data(changed.utf8).write(to: test.study.protocolFile)
    _ = try ContourFile.run(fixtures.appendingPathComponent("mask.nii.gz"), into: test.study)
    #expect(try masks()["P01"] == expected())
  }

  @Test func `which of several labels is the lesion must be said`() throws {
    let kits = fixtures.appendingPathComponent("kits.nii.gz")
    let error = #expect(throws: AnnotationError.self) { try ContourFile.run(kits, into: test.study) }
    #expect(error?.description.contains("has the labels 1, 2; state with --labels") == true)
    _ = try ContourFile.run(kits, .init(labels: [2: "left"]), into: test.study)
    #expect(try masks()["P01"] == expected())
  }

  @Test func `a mask elsewhere is refused with what differs`() throws {
    let shifted = fixtures.appendingPathComponent("shifted.nii.gz")
    let error = #expect(throws: AnnotationError.self) { try ContourFile.run(shifted, into: test.study) }
    #expect(error?.description.contains("lie up to 0.03 of a voxel") == true, "\(error?.description ?? "")")
  }

  @Test func `of equal series the path tells which, and what does not match is listed`() throws {
    try writeSeries("P02")
    let mask = fixtures.appendingPathComponent("gzip-lps.nrrd")
    let error = #expect(throws: AnnotationError.self) { try ContourFile.run(mask, into: test.study) }
    #expect(error?.description.contains("2 series of the study have its pixels") == true)
    let folder = test.url("masks")
    for (name, source) in [("P02/mask", "gzip-lps.nrrd"), ("P01.nrrd", "shifted.nii.gz"), ("notes.txt", "none")] {
      let url = folder.appendingPathComponent(name)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      let data = source == "none" ? Data("hello".utf8) : try Data(contentsOf: fixtures.appendingPathComponent(source))
      try data.write(to: url)
    }
    let summary = try ContourFile.run(folder, into: test.study)
    #expect(summary.slices == 3 && summary.setAside == 2)
    #expect(try masks()["P02"] == expected())
    #expect(try masks()["P01"]?.joined().contains(true) == false)
  }

  @Test func `damaged NRRD files are refused`() throws {
    let whole = try [UInt8](Data(contentsOf: fixtures.appendingPathComponent("gzip-lps.nrrd")))
    for count in [8, 60, whole.count - 1, whole.count - 20] {
      #expect(throws: AnnotationError.self) { try NRRDFile.maps(Array(whole[..<count]), name: "cut") }
    }
    func changed(_ old: String, _ new: String) throws -> [UInt8] {
      let bytes = Array(old.utf8)
      let place = try #require(whole.indices.first { whole[$0...].starts(with: bytes) })
      return whole[..<place] + Array(new.utf8) + whole[(place + bytes.count)...]
    }
    for (old, new) in [
      ("sizes: 8 6 3", "sizes: 4096 4096 4096"), ("sizes: 8 6 3", "sizes: 8 6 2"), ("sizes: 8 6 3", "sizes: 8 6 4"),
      ("sizes: 8 6 3", "sizes: 8 6 -3"), ("space: left-posterior-superior", "space dimension: 3"),
      ("encoding: gzip", "encoding: bzip2"), ("type: uint8", "type: float"),
    ] {
      let bytes = try changed(old, new)
      #expect(throws: AnnotationError.self, "\(new)") { try NRRDFile.maps(bytes, name: "changed") }
    }
    #expect(throws: Never.self) { try NRRDFile.maps(whole, name: "whole") }
  }
}
