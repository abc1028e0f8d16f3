@testable import Annotation
import DICOM
import Foundation
import GRDB
@testable import ROI
import Study
import TestSupport
import Testing

/// From DICOM, pathology and contours to ROIs, by the steps that the command line takes.
struct ROIBuildTests {
  private let folder: TemporaryFolder
  private let study: StudyFolder

  init() throws {
    folder = try TemporaryFolder()
    let protocolFile = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Protocols/paper.yaml").standardizedFileURL
    study = try StudyFolder.create(at: folder.url.appendingPathComponent("study"), protocolSource: protocolFile)
  }

  private func change(_ old: String, _ new: String) throws {
    let text = try String(contentsOf: study.protocolFile, encoding: .utf8)
    try #require(text.contains(old))
    try Data(text.replacing(old, with: new).utf8).write(to: study.protocolFile)
  }

  /// The two synthetic slices as patients SYNTHETIC-1 (low) and SYNTHETIC-2 (high).
  private func importSynthetic(_ contours: [Contour]) throws {
    let source = folder.url.appendingPathComponent("source")
    try FileManager.default.createDirectory(at: source, withIntermediateDirectories: true)
    for name in ["signed.dcm", "scaled.dcm"] {
      try FileManager.default.copyItem(at: GoldenROITests.fixture(name), to: source.appendingPathComponent(name))
    }
    _ = try DICOMImport.run(source, into: study)
    let table = folder.url.appendingPathComponent("pathology.csv")
    try Data("patient,lesion,grade\nSYNTHETIC-1,1,2\nSYNTHETIC-2,1,3\n".utf8).write(to: table)
    _ = try PathologyImport.run(table, into: study)
    let export = folder.url.appendingPathComponent("mdai.json")
    try MDAI.write(contours, to: export)
    _ = try ContourImport.run(export, into: study)
  }

  private func contour(_ patient: Int, _ vertices: [SIMD2<Double>], reader: String = "U_1") -> Contour {
    let uid = "2.25.31415926\(patient)"
    return Contour(
      annotationID: "A_\(patient)_\(reader)_\(vertices.count)", studyInstanceUID: uid, seriesInstanceUID: "\(uid).1",
      sopInstanceUID: "\(uid).1.1", labelName: "Lesion", reader: reader, vertices: vertices, width: nil, height: nil)
  }

  private let low: [SIMD2<Double>] = [[90, 70], [102, 70], [102, 92], [90, 92]]
  private let high: [SIMD2<Double>] = [[20, 30], [40, 32], [30, 55]]

  @Test func `ROIs hold what the cutter cuts`() throws {
    try importSynthetic([contour(1, low), contour(2, high)])
    let summary = try ROIBuild.run(study)
    #expect(summary == .init(rois: 2, lesions: 2, patients: 2, setAside: 1))
    let rois = try ROISet(study)
    #expect(rois.boxSize == 128)
    #expect(rois.entries.map(\.patient) == ["case-0001", "case-0002"])
    #expect(Set(rois.entries.map(\.grade.rawValue)) == [2, 3])
    for (index, entry) in rois.entries.enumerated() {
      let isLow = entry.grade.gradeClass == .low
      let image = try DICOMFile.image(at: GoldenROITests.fixture(isLow ? "signed.dcm" : "scaled.dcm"))
      let crop = try ROICutter(ROISettings()).cut(
        image, around: [Polygon(vertices: isLow ? low : high)], pixelSize: nil)
      #expect(rois.withCrop(index) { Array($0) } == crop.values)
      #expect(entry.contour == crop.polygons)
      #expect(entry.pixelHash == image.pixelHash)
      #expect(entry.slice == (isLow ? "2.25.314159261.1.1" : "2.25.314159262.1.1"))
    }
    // One box leaves its image: a remark that excludes nobody.
    let aside = try study.setAside()
    #expect(aside.map(\.stage) == [.rois])
    #expect(aside.map(\.excludes) == [false])
    #expect(aside.first?.reason.contains("filled with air") == true)
  }

  @Test func `the same study gives the same file, another box another`() throws {
    try importSynthetic([contour(1, low), contour(2, high)])
    _ = try ROIBuild.run(study)
    let first = try ROISet(study).fileName
    _ = try ROIBuild.run(study)
    #expect(try ROISet(study).fileName == first)
    try change("outputSize: 224", "outputSize: 96")
    #expect(try ROISet(study).fileName == first)
    try change("boxSize: 128", "boxSize: 32")
    let stale = #expect(throws: StudyError.self) { try ROISet(study) }
    #expect(stale?.description.contains("roi section has changed") == true)
    _ = try ROIBuild.run(study)
    let rois = try ROISet(study)
    #expect(rois.boxSize == 32)
    #expect(try FileManager.default.contentsOfDirectory(atPath: study.roiFolder.path) == [rois.fileName])
  }

  @Test func `a slice that cannot be read sets its patient aside, and no other`() throws {
    try importSynthetic([contour(1, low), contour(2, high)])
    let path = try study.read { database in
      try SliceRecord.filter(Column("sopInstanceUID") == "2.25.314159261.1.1").fetchOne(database)?.path
    }
    let file = study.url.appendingPathComponent(try #require(path))
    try Data(contentsOf: file).prefix(20_000).write(to: file)
    let summary = try ROIBuild.run(study)
    #expect(summary.rois == 1)
    #expect(summary.patients == 1)
    let aside = try study.setAside().filter(\.excludes)
    #expect(aside.count == 1)
    #expect(aside.first?.subject == "slice 1 of its series")
    #expect(try ROISet(study).entries.map(\.grade.rawValue) == [3])
  }

  @Test func `the preferred reader's contours are used, all polygons of a slice together`() throws {
    let second: [SIMD2<Double>] = [[40, 40], [44, 40], [44, 44], [40, 44]]
    try importSynthetic([
      contour(1, low), contour(1, second, reader: "U_2"), contour(1, low + [[85, 81]], reader: "U_2"), contour(2, high),
    ])
    try change("readers: []", "readers: [U_2, U_1]")
    #expect(try ROIBuild.run(study).rois == 2)
    #expect(try ROISet(study).entries.map(\.contour.count).sorted() == [1, 2])
    try change("readers: [U_2, U_1]", "readers: [U_2]")
    #expect(try ROIBuild.run(study).rois == 1)
    #expect(try study.setAside().contains { $0.reason.contains("none of the protocol's readers") })
  }

  @Test func `a study without ROIs, or with damaged ones, says so`() throws {
    #expect(throws: StudyError.self) { try ROISet(study) }
    try importSynthetic([contour(1, low), contour(2, high)])
    _ = try ROIBuild.run(study)
    let file = study.roiFolder.appendingPathComponent(try ROISet(study).fileName)
    var data = try Data(contentsOf: file)
    data[1000] ^= 1
    try data.write(to: file)
    let error = #expect(throws: StudyError.self) { try ROISet(study) }
    #expect(error?.description.contains("missing or damaged") == true)
  }

  @Test func `a folder that cannot be written leaves the former ROIs`() throws {
    try importSynthetic([contour(1, low), contour(2, high)])
    _ = try ROIBuild.run(study)
    let before = try ROISet(study).fileName
    let away = study.url.appendingPathComponent("elsewhere")
    try FileManager.default.moveItem(at: study.roiFolder, to: away)
    #expect(throws: StudyError.self) { try ROIBuild.run(study) }
    try FileManager.default.moveItem(at: away, to: study.roiFolder)
    #expect(try ROISet(study).fileName == before)
  }

  @Test(.enabled(if: SharedData.isPresent, "\(SharedData.missing)"))
  func `real patients: bad contours set their patients aside, the rest goes on`() throws {
    let data = try #require(SharedData.root).appendingPathComponent("real-ccrcc")
    #expect(try DICOMImport.run(data.appendingPathComponent("dicom"), into: study).slices == 39)
    #expect(try PathologyImport.run(data.appendingPathComponent("pathology.csv"), into: study).lesions == 13)
    var contours = try MDAI.read(data.appendingPathComponent("mdai.json"), lesionLabels: ["Tumor"]).contours
    contours[0].vertices = [[10, 10], [20, 20]]
    contours[3].vertices = [[10, 10], [20, 20], [20, 10], [10, 20]]
    contours[6].vertices[0] = [700, 3]
    contours[9].sopInstanceUID = "2.25.404"
    let bad = Set([0, 3, 6, 9].map { contours[$0].studyInstanceUID })
    #expect(bad.count == 4)
    let export = folder.url.appendingPathComponent("mdai.json")
    try MDAI.write(contours, to: export)
    #expect(try ContourImport.run(export, into: study) == .init(contours: 35, slices: 35, setAside: 4))
    let summary = try ROIBuild.run(study)
    #expect(summary.rois == 27)
    #expect(summary.patients == 9)
    let rois = try ROISet(study)
    #expect(bad.isDisjoint(with: rois.entries.map(\.exam)))
    #expect(Set(rois.entries.map(\.pixelHash)).count == 27)
    for (index, entry) in rois.entries.enumerated() {
      let values = rois.withCrop(index) { Array($0) }
      #expect(values.allSatisfy { (0...1).contains($0) })
      // The tumour enhances: it is no air.
      let mask = try #require(entry.contour.first).mask(columns: 128, rows: 128)
      let inside = zip(values, mask.values).filter(\.1).map(\.0)
      #expect(inside.count > 50)
      #expect(inside.reduce(0, +) / Float(inside.count) > 0.4)
    }
    let picture = folder.url.appendingPathComponent("montage.png")
    let montage = ROIMontage(rois, maximum: 18, tileSize: 64)
    try montage.write(to: picture)
    #expect(montage.text.contains("18 of 27 ROIs, 9 of 9 patients"))
    #expect(try Data(contentsOf: picture).count > 10_000)
  }
}
