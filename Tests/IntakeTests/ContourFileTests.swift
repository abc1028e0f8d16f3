import Annotation
import DICOM
import Foundation
import Imaging
import Support
import Testing

@testable import Intake
@testable import Study

/// Contours written by pynrrd, nibabel, highdicom and rt-utils (Tests/Reference/contour_files.py) on oblique series of pixels that are
/// not square.
struct ContourFileTests {
  private let reference: ReferenceSeries
  private let test: ImportFolder
  private let fixtures: URL

  init() throws {
    reference = try ReferenceSeries()
    (test, fixtures) = (reference.test, reference.fixtures)
  }

  @Test(arguments: [
    "gzip-lps.nrrd", "raw-ras-reversed.nrrd", "mask.nii.gz", "cropped.seg.nrrd", "double.nrrd", "detached.nhdr",
    "skipped.nrrd",
    "layers.seg.nrrd", "qform.nii", "scaled-without-ending", "seg-binary.dcm", "seg-fractional.dcm", "seg-labelmap.dcm",
  ])
  func `a mask comes back bit for bit`(_ name: String) throws {
    let summary = try ContourFile.run(fixtures.appendingPathComponent(name), .init(reader: "anna"), into: test.study)
    #expect(summary.slices == 3)
    #expect(try reference.masks()["P01"] == reference.expected(fromColumn: name.hasPrefix("cropped") ? 2 : 0))
    #expect(try Set(test.study.read { try StoredContour.fetchAll($0) }.map(\.reader)) == ["anna"])
  }

  @Test func `a corner protocol stores the same outlines`() throws {
    let text = try String(contentsOf: test.study.protocolFile, encoding: .utf8)
    let changed = text.replacing("integerCoordinate: pixelCentre", with: "integerCoordinate: pixelCorner")
    try #require(changed != text)
    try Data(changed.utf8).write(to: test.study.protocolFile)
    _ = try ContourFile.run(fixtures.appendingPathComponent("mask.nii.gz"), into: test.study)
    #expect(try reference.masks()["P01"] == reference.expected())
  }

  @Test func `which of several labels is the lesion must be said`() throws {
    let kits = fixtures.appendingPathComponent("kits.nii.gz")
    let error = #expect(throws: AnnotationError.self) { try ContourFile.run(kits, into: test.study) }
    #expect(error?.description.contains("has the labels 1, 2; state with --labels") == true)
    _ = try ContourFile.run(kits, .init(labels: [2: "left"]), into: test.study)
    #expect(try reference.masks()["P01"] == reference.expected())
  }

  @Test func `a mask elsewhere is refused with what differs`() throws {
    let shifted = fixtures.appendingPathComponent("shifted.nii.gz")
    let error = #expect(throws: AnnotationError.self) { try ContourFile.run(shifted, into: test.study) }
    #expect(error?.description.contains("lie up to 0.03 of a voxel") == true, "\(error?.description ?? "")")
  }

  @Test func `of equal series the path tells which, and what does not match is listed`() throws {
    try reference.writeSeries("P02")
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
    #expect(try reference.masks()["P02"] == reference.expected())
    #expect(try reference.masks()["P01"]?.joined().contains(true) == false)
  }

  @Test func `frames that are left out are empty`() throws {
    _ = try ContourFile.run(fixtures.appendingPathComponent("seg-omitted.dcm"), into: test.study)
    let expected = reference.expected()
    #expect(try reference.masks()["P01"] == [Array(repeating: false, count: 48)] + expected[1...])
  }

  @Test func `what is no lesion is listed`() throws {
    let summary = try ContourFile.run(fixtures.appendingPathComponent("seg-binary.dcm"), into: test.study)
    #expect(summary.setAside == 1)
    let reasons = try test.study.setAside().filter { $0.stage == .contours }.map(\.reason)
    #expect(reasons == ["its name \"Kidney\" is not among annotation.lesionLabels"])
    _ = try ContourFile.run(
      fixtures.appendingPathComponent("seg-binary.dcm"), .init(labels: [1: "left"]), into: test.study)
    #expect(try reference.masks()["P01"] == (0..<3).map { _ in (0..<48).map { $0 % 8 < 4 } })
  }

  @Test func `fractions are no labels`() throws {
    let error = #expect(throws: AnnotationError.self) {
      try ContourFile.run(fixtures.appendingPathComponent("fractions.nii"), into: test.study)
    }
    #expect(error?.description.contains("voxels are not whole numbers") == true)
  }

  @Test func `corners of rt-utils are read as they stand`() throws {
    try reference.writeSeries("P03", columns: 32, rows: 32, spacing: PixelSpacing(row: 0.7, column: 0.7))
    let summary = try ContourFile.run(fixtures.appendingPathComponent("rt-utils.dcm"), into: test.study)
    let golden = try JSONDecoder().decode(
      [[[[Double]]]].self, from: Data(contentsOf: fixtures.appendingPathComponent("rt-utils.json")))
    #expect(summary.contours == golden.joined().count && summary.setAside == 1)
    let contours = try test.study.read { try StoredContour.fetchAll($0) }
    let slices = try test.study.read { try SlicePlace.all($0) }.filter { $0.patientID == "P03" }
    for (index, outlines) in golden.enumerated() {
      let slice = try #require(slices.first { $0.ordinal == index })
      let found = contours.filter { $0.sliceId == slice.sliceId }.map(\.vertices.vertices)
      try #require(found.map(\.count) == outlines.map(\.count))
      for (one, other) in zip(found.joined(), outlines.joined()) {
        #expect(max(abs(one.x - other[0]), abs(one.y - other[1])) < 1e-6)
      }
    }
  }

  /// A file's elements, at all depths, as `change` gives them, in a file of another name.
  private func rewritten(_ source: URL, as name: String, _ change: (DataElement) -> DataElement?) throws -> URL {
    func changed(_ elements: [DataElement]) -> [DataElement] {
      elements.compactMap { element in
        guard var element = change(element) else { return nil }
        if case .items(let items) = element.value { element.value = .items(items.map(changed)) }
        return element
      }
    }
    let file = try DataSet([UInt8](Data(contentsOf: source)), name: name)
    let writer = DICOMFileWriter(
      changed(file.elements), of: file, sopClassUID: file.text(.sopClassUID) ?? "",
      sopInstanceUID: file.text(.sopInstanceUID) ?? "")
    let url = test.url(name)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(writer.bytes).write(to: url)
    return url
  }

  private static let references = Set([0x0008_1115, 0x0008_9124].map { DICOMTag(rawValue: $0) })

  @Test func `a segmentation that names no slices lies in its frame of reference`() throws {
    try reference.writeSeries("P02")
    let source = fixtures.appendingPathComponent("seg-binary.dcm")
    let unnamed = try rewritten(source, as: "unnamed.dcm") { Self.references.contains($0.tag) ? nil : $0 }
    _ = try ContourFile.run(unnamed, into: test.study)
    #expect(try reference.masks()["P01"] == reference.expected())
    let elsewhere = try rewritten(source, as: "elsewhere.dcm") { element in
      if Self.references.contains(element.tag) { return nil }
      return element.tag == .frameOfReferenceUID ? DataElement(element.tag, .ui, "1.2.3") : element
    }
    let error = #expect(throws: AnnotationError.self) { try ContourFile.run(elsewhere, into: test.study) }
    #expect(error?.description.contains("no series of the study has its frame of reference") == true)
  }

  @Test func `what a structure set cannot say is listed`() throws {
    try reference.writeSeries("P03", columns: 32, rows: 32, spacing: PixelSpacing(row: 0.7, column: 0.7))
    let source = fixtures.appendingPathComponent("rt-utils.dcm")
    let (type, images, data) = (
      DICOMTag(rawValue: 0x3006_0042), DICOMTag(rawValue: 0x3006_0016), DICOMTag(rawValue: 0x3006_0050)
    )
    func run(_ name: String, _ change: (DataElement) -> DataElement?) throws -> ContourImport.Summary {
      try ContourFile.run(rewritten(source, as: name, change), into: test.study)
    }
    let whole = try run("whole.dcm") { $0 }
    // By the frame of reference, where contours name no slice.
    #expect(try run("unnamed.dcm") { $0.tag == images ? nil : $0 } == whole)
    // Points enclose no area.
    let points = #expect(throws: AnnotationError.self) {
      try run("points.dcm") { $0.tag == type ? DataElement(type, .cs, "POINT") : $0 }
    }
    #expect(points?.description.contains("its type is POINT") == true)
    let damaged = #expect(throws: AnnotationError.self) {
      try run("damaged.dcm") { $0.tag == data ? DataElement(data, .ds, "1\\2") : $0 }
    }
    #expect(damaged?.description.contains("its points are damaged") == true)
    let off = #expect(throws: AnnotationError.self) {
      try run("off.dcm") { element in
        if element.tag == DICOMTag(rawValue: 0x3006_0046) { return nil }
        return element.tag == data ? DataElement(data, .ds, #"0\20\40\5\20\40\5\25\40"#) : element
      }
    }
    #expect(off?.description.contains("mm off the slice that it names") == true)
    #expect(try run("xor.dcm") { $0.tag == type ? DataElement(type, .cs, "CLOSEDPLANAR_XOR") : $0 } == whole)
  }

  @Test func `data beside a header are read with it, and from nowhere else`() throws {
    let folder = test.url("detached")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for name in ["detached.nhdr", "detached.raw"] {
      try FileManager.default.copyItem(
        at: fixtures.appendingPathComponent(name), to: folder.appendingPathComponent(name))
    }
    #expect(try ContourFile.run(folder, into: test.study).setAside == 0)
    let header = try String(contentsOf: folder.appendingPathComponent("detached.nhdr"), encoding: .utf8)
    for name in ["../detached/detached.raw", "/etc/passwd", "absent.raw"] {
      let changed = folder.appendingPathComponent("changed.nhdr")
      try AtomicFile.write(header.replacing("data file: detached.raw", with: "data file: \(name)"), to: changed)
      #expect(throws: AnnotationError.self, "\(name)") { try ContourFile.run(changed, into: test.study) }
    }
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
      ("encoding: gzip", "encoding: bzip2"), ("type: uint8", "type: block"),
    ] {
      let bytes = try changed(old, new)
      #expect(throws: AnnotationError.self, "\(new)") { try NRRDFile.maps(bytes, name: "changed") }
    }
    #expect(throws: Never.self) { try NRRDFile.maps(whole, name: "whole") }
  }
}
