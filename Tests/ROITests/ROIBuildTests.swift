@testable import Annotation
import DICOM
import Foundation
import GRDB
import Intake
import Support
@testable import ROI
@testable import Study
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
    try importPathology("SYNTHETIC-1,1,2\nSYNTHETIC-2,1,3\n")
    try importContours(contours)
  }

  private func importPathology(_ rows: String) throws {
    let table = folder.url.appendingPathComponent("pathology.csv")
    try AtomicFile.write("patient,lesion,grade\n\(rows)", to: table)
    _ = try PathologyImport.run(table, into: study)
  }

  private func importContours(_ contours: [Contour]) throws {
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

  // Codes follow the files' names: scaled.dcm comes before signed.dcm.
  private let lowCode = "case-0002"
  private let highCode = "case-0001"
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
      #expect(try entry.contour == crop.polygons)
      #expect(entry.pixelHash == image.pixelHash)
      #expect(entry.slice == (isLow ? "2.25.314159261.1.1" : "2.25.314159262.1.1"))
    }
    // The outline's extent in mm, by the slices' own spacing.
    let extents = try LesionExtent.all(in: study)
    let spacings = try ["signed.dcm", "scaled.dcm"].map {
      try #require(DICOMFile.attributes(of: GoldenROITests.fixture($0)).first?.pixelSpacing)
    }
    let expected = zip([low, high], spacings).map { vertices, spacing in
      vertices.flatMap { first in
        vertices.map { hypot(($0.x - first.x) * spacing.column, ($0.y - first.y) * spacing.row) }
      }.max() ?? 0
    }
    #expect(extents.values.sorted().count == 2)
    for (found, wanted) in zip(extents.values.sorted(), expected.sorted()) { #expect(abs(found - wanted) < 1e-9) }
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
    #expect(stale?.description.contains("renalgrade rois build") == true)
    _ = try ROIBuild.run(study)
    let rois = try ROISet(study)
    #expect(rois.boxSize == 32)
    #expect(try FileManager.default.contentsOfDirectory(atPath: study.roiFolder.path) == [rois.fileName])
  }

  @Test(arguments: ["cut off", "overwritten", "missing"])
  func `a slice that cannot be read sets its patient aside, and no other`(damage: String) throws {
    try importSynthetic([contour(1, low), contour(2, high)])
    let (file, path) = try slice("2.25.314159261.1.1")
    switch damage {
    case "cut off": try Data(contentsOf: file).prefix(20_000).write(to: file)
    case "overwritten": try Data(repeating: 0x5A, count: 30_000).write(to: file)
    default: try FileManager.default.removeItem(at: file)
    }
    let summary = try ROIBuild.run(study)
    #expect(summary.rois == 1)
    #expect(summary.patients == 1)
    let aside = try study.setAside().filter(\.excludes)
    #expect(aside.count == 1)
    #expect(aside.first?.patientCode == lowCode)
    #expect(aside.first?.subject == "slice 1 of its series (\(path))")
    #expect(aside.first?.reason.contains(file.lastPathComponent) == false)
    #expect(try ROISet(study).entries.map(\.grade.rawValue) == [3])
  }

  private func slice(_ uid: String) throws -> (file: URL, path: String) {
    let record = try study.read { try SliceRecord.filter(Column("sopInstanceUID") == uid).fetchOne($0) }
    let path = try #require(record).path
    return (study.url.appendingPathComponent(path), path)
  }

  @Test func `the preferred reader's contours are used, all polygons of a slice together`() throws {
    let second: [SIMD2<Double>] = [[40, 40], [44, 40], [44, 44], [40, 44]]
    try importSynthetic([
      contour(1, low), contour(1, second, reader: "U_2"), contour(1, low + [[85, 81]], reader: "U_2"), contour(2, high),
    ])
    try change("readers: []", "readers: [U_2, U_1]")
    #expect(try ROIBuild.run(study).rois == 2)
    #expect(try ROISet(study).entries.map { try $0.contour.count }.sorted() == [1, 2])
    try change("readers: [U_2, U_1]", "readers: [U_2]")
    #expect(try ROIBuild.run(study).rois == 1)
    let aside = try study.setAside().filter { $0.reason.contains("none of the protocol's readers") }
    #expect(aside.map(\.patientCode) == [highCode])
    #expect(aside.map(\.excludes) == [true])
  }

  @Test func `ROIs of former contours, pathology or settings are not used`() throws {
    let contours = [contour(1, low), contour(2, high), contour(2, low, reader: "U_2")]
    func expectStale(_ advice: String = "renalgrade rois build") throws {
      let error = #expect(throws: StudyError.self) { try ROISet(study) }
      #expect(error?.description.contains(advice) == true, "\(error?.description ?? "")")
    }
    try importSynthetic(contours)
    _ = try ROIBuild.run(study)
    // The same inputs again change nothing.
    try importPathology("SYNTHETIC-2,1,3\nSYNTHETIC-1,1,2\n")
    try importContours(contours)
    #expect(try ROISet(study).entries.count == 2)

    try importContours([contour(1, low)])
    try expectStale()
    var moved = contours
    moved[0].vertices[0].x -= 1
    try importContours(moved)
    try expectStale()
    try importContours(contours)
    #expect(try ROISet(study).entries.count == 2)

    try change("readers: []", "readers: [U_2, U_1]")
    try expectStale()
    try change("readers: [U_2, U_1]", "readers: [U_1, U_2]")
    #expect(try ROISet(study).entries.count == 2)

    // A patient whom pathology newly leaves out, and a lesion that nobody has drawn.
    try importPathology("SYNTHETIC-1,1,2\nSYNTHETIC-1,2,\nSYNTHETIC-2,1,3\n")
    try expectStale()
    _ = try ROIBuild.run(study)
    #expect(try ROISet(study).entries.map(\.patient) == [highCode])
    try importPathology("SYNTHETIC-1,1,2\nSYNTHETIC-2,1,3\nSYNTHETIC-2,2,4\n")
    try expectStale()
  }

  @Test func `no ROIs are made of contours that another protocol took`() throws {
    try importSynthetic([contour(1, low), contour(2, high)])
    _ = try ROIBuild.run(study)
    for (former, latter) in [
      ("lesionLabels: [Lesion, Tumor]", "lesionLabels: [Lesion]"),
      ("integerCoordinate: pixelCentre", "integerCoordinate: pixelCorner"),
    ] {
      try change(former, latter)
      for action in [{ _ = try ROISet(study) }, { _ = try ROIBuild.run(study) }] {
        let error = #expect(throws: StudyError.self) { try action() }
        #expect(error?.description.contains("import the contours again") == true)
      }
      try importContours([contour(1, low), contour(2, high)])
      #expect(try ROIBuild.run(study).rois == 2)
      #expect(try ROISet(study).entries.count == 2)
    }
  }

  @Test func `a patient counts with all of its lesions, drawn and graded, or not at all`() throws {
    try importSynthetic([contour(1, low), contour(2, high)])
    try importPathology("SYNTHETIC-1,1,2\nSYNTHETIC-1,2,4\nSYNTHETIC-2,1,3\n")
    #expect(try ROIBuild.run(study) == .init(rois: 1, lesions: 1, patients: 1, setAside: 2))
    #expect(try ROISet(study).entries.map(\.patient) == [highCode])
    let undrawn = try study.setAside().filter(\.excludes)
    #expect(undrawn.map(\.patientCode) == [lowCode])
    #expect(undrawn.map(\.subject) == ["lesion 2"])
    #expect(undrawn.first?.reason.contains("no contour of this lesion") == true)

    // No contour at all, and no lesion at all.
    try importPathology("SYNTHETIC-1,1,2\nSYNTHETIC-2,1,3\n")
    try importContours([contour(1, low)])
    try study.write { database in
      var stranger = Patient(id: nil, code: "case-0003", sourceID: "SYNTHETIC-3")
      try stranger.insert(database)
    }
    #expect(try ROIBuild.run(study).patients == 1)
    let aside = try study.setAside().filter(\.excludes)
    #expect(aside.map(\.patientCode) == [highCode, "case-0003"])
    #expect(aside.map { $0.reason.contains("no contour of this lesion") } == [true, false])
    #expect(aside.map { $0.reason.contains("has no lesion of this patient") } == [false, true])
  }

  @Test func `what a killed build has left is removed`() throws {
    try importSynthetic([contour(1, low), contour(2, high)])
    try Data(count: 10).write(to: study.roiFolder.appendingPathComponent(".crops-unnamed.f32.0123ABCD.partial"))
    _ = try ROIBuild.run(study)
    #expect(try FileManager.default.contentsOfDirectory(atPath: study.roiFolder.path) == [ROISet(study).fileName])
  }

  @Test(.enabled(if: SmallDisk.isAllowed, "needs a mount of one's own (unshare -rm)"))
  func `a full disk is an error that leaves the former ROIs`() throws {
    try importSynthetic([contour(1, low), contour(2, high)])
    _ = try ROIBuild.run(study)
    let former = try ROISet(study).fileName
    // Two crops of 64 KiB fit, four don't.
    let disk = try SmallDisk(kibibytes: 196)
    try FileManager.default.copyItem(
      at: study.roiFolder.appendingPathComponent(former), to: disk.url.appendingPathComponent(former))
    try FileManager.default.removeItem(at: study.roiFolder)
    try FileManager.default.createSymbolicLink(at: study.roiFolder, withDestinationURL: disk.url)
    let error = #expect(throws: StudyError.self) { try ROIBuild.run(study) }
    #expect(error?.kind == .file)
    #expect(error?.description.contains("No space left") == true)
    #expect(try FileManager.default.contentsOfDirectory(atPath: disk.url.path) == [former])
    let rois = try ROISet(study)
    #expect(rois.fileName == former)
    #expect(rois.entries.count == 2)
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

  @Test func `a contour in the tables that is none is said so, and sets its patient aside`() throws {
    try importSynthetic([contour(1, low), contour(2, high)])
    try study.write { database in
      try database.execute(
        sql: """
          UPDATE contour SET vertices = '[1]'
          WHERE sliceId IN (SELECT id FROM slice WHERE sopInstanceUID = '2.25.314159261.1.1')
          """)
    }
    #expect(try ROIBuild.run(study).rois == 1)
    let aside = try study.setAside().filter(\.excludes)
    #expect(aside.map(\.patientCode) == [lowCode])
    #expect(aside.first?.reason.contains("a contour that cannot be read") == true)
    try study.write { try $0.execute(sql: "UPDATE roi SET contour = '[1]'") }
    #expect(throws: StudyError.self) { try ROIMontage(ROISet(study)) }
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
    let picture = folder.url.appendingPathComponent("montage.svg")
    let montage = try ROIMontage(rois, maximum: 18, tileSize: 64)
    try montage.write(to: picture)
    #expect(montage.text.contains("18 of 27 ROIs, 9 of 9 patients"))
    #expect(try Data(contentsOf: picture).count > 10_000)

    // One corrupted slice takes all of its patient's with it.
    let (file, _) = try slice(contours[15].sopInstanceUID)
    var bytes = try Data(contentsOf: file)
    bytes.replaceSubrange(200..<2000, with: Data(repeating: 0xFF, count: 1800))
    try bytes.write(to: file)
    let withoutOne = try ROIBuild.run(study)
    #expect(withoutOne.rois == 24)
    #expect(withoutOne.patients == 8)
    #expect(!(try ROISet(study).entries.contains { $0.exam == contours[15].studyInstanceUID }))

    // An export of one patient leaves that one, and lists the others.
    let one = contours[12].studyInstanceUID
    try MDAI.write(contours.filter { $0.studyInstanceUID == one }, to: export)
    #expect(try ContourImport.run(export, into: study).contours == 3)
    #expect(throws: StudyError.self) { try ROISet(study) }
    #expect(try ROIBuild.run(study).patients == 1)
    #expect(Set(try ROISet(study).entries.map(\.exam)) == [one])
    #expect(Set(try study.setAside().filter(\.excludes).map(\.patientCode)).count == 12)
  }
}

/// A disk of a few kibibytes, mounted where only a process of ours sees it, and read through that process.
private final class SmallDisk {
  let url: URL
  private let folder: TemporaryFolder
  private let process = Process()
  private let input = Pipe()

  static let isAllowed = (try? SmallDisk(kibibytes: 64)) != nil

  init(kibibytes: Int) throws {
    folder = try TemporaryFolder()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      "unshare", "-rm", "sh", "-c",
      "mount -t tmpfs -o size=\(kibibytes)k none '\(folder.url.path)' && echo mounted && read line",
    ]
    process.standardInput = input
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    url = URL(fileURLWithPath: "/proc/\(process.processIdentifier)/root\(folder.url.path)")
    guard String(decoding: output.fileHandleForReading.availableData, as: UTF8.self) == "mounted\n",
      FileManager.default.isWritableFile(atPath: url.path)
    else { throw CocoaError(.fileWriteUnknown) }
  }

  deinit {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }
}
