import Annotation
import DICOM
import Foundation
import GRDB
import TestSupport
import Testing

@testable import Intake
@testable import Study

/// An exam in memory: of folder and archive alike, and only what is outlined.
struct ExamStudyTests {
  private let archive: URL

  init() throws {
    archive = try #require(Bundle.module.url(forResource: "Fixtures/archives/folder", withExtension: "zip"))
  }

  /// An export of one contour on each of the patient's slices, which the test's study holds.
  private func export(of patient: String, in test: ImportFolder, labels: [String] = ["Tumor"]) throws -> URL {
    let slices = try test.study.read { try SlicePlace.all($0) }.filter { $0.patientID == patient }
    try #require(!slices.isEmpty)
    let contours = slices.enumerated().map { index, slice in
      Contour(
        annotationID: "A_\(index)", studyInstanceUID: slice.studyInstanceUID,
        seriesInstanceUID: slice.seriesInstanceUID, sopInstanceUID: slice.sopInstanceUID,
        labelName: labels[index % labels.count], reader: "U_1", vertices: [[1, 1], [3, 1], [3, 3]], width: nil,
        height: nil)
    }
    let file = test.url("\(patient).json")
    try MDAI.write(contours, to: file)
    return file
  }

  private func rows(_ exam: ExamStudy) throws -> [SliceRecord] {
    try exam.tables.read { try SliceRecord.order(Column("ordinal")).fetchAll($0) }
  }

  @Test func anArchiveIsTakenAsAFolder() throws {
    let test = try ImportFolder(patientIDs: "codes")
    _ = try DICOMImport.run(archive, into: test.study)
    let contours = try export(of: "P01", in: test)
    let unpacked = try DICOMArchive(archive, unpackedInto: test.url("unpacked"))
    let settings = try test.study.readProtocol()
    func facts(_ source: URL) throws -> (slices: [String], remarks: [String], files: [URL]) {
      try ExamStudy.read(dicom: source, contours: contours, protocol: settings) { exam in
        #expect(exam.patientID == "P01")
        let rows = try rows(exam)
        let files = rows.map { URL(fileURLWithPath: $0.path) }
        for file in files { #expect(FileManager.default.fileExists(atPath: file.path)) }
        return (rows.map { "\($0.sopInstanceUID) \($0.ordinal)" }, try exam.remarks(), files)
      }
    }
    let (fromArchive, fromFolder) = (try facts(archive), try facts(test.url("unpacked")))
    #expect(fromArchive.slices.count == 3)
    #expect(fromArchive.slices == fromFolder.slices && fromArchive.remarks == fromFolder.remarks)
    // What was unpacked is gone, what lay there is not.
    for file in fromArchive.files { #expect(!FileManager.default.fileExists(atPath: file.path)) }
    #expect(unpacked.files.allSatisfy { FileManager.default.fileExists(atPath: $0.url.path) })
  }

  @Test func onlyOutlinedSlicesStandInTheTablesAtTheirPlaces() throws {
    let test = try ImportFolder()
    try test.writeSeries("a", patient: "P1", count: 6)
    try test.write("a/other.dcm", patient: "P1", exam: "P1", series: "P1 beside", sop: "beside", z: 0)
    try test.importDICOM("a")
    let file = try export(of: "P1", in: test)
    let all = try MDAI.read(file, lesionLabels: []).contours
    let outlined = all.filter { [test.uid("P1 2"), test.uid("P1 4")].contains($0.sopInstanceUID) }
    try MDAI.write(outlined, to: file)
    try ExamStudy.read(dicom: test.url("a"), contours: file, protocol: test.study.readProtocol()) { exam throws in
      #expect(try rows(exam).map(\.ordinal) == [2, 4])
      #expect(try exam.tables.read { try Series.fetchCount($0) } == 2)
      #expect(try exam.remarks().isEmpty)
    }
  }

  @Test func aLesionIsWhatCarriesOneLabel() throws {
    let test = try ImportFolder()
    try test.writeSeries("a", patient: "P1", count: 6)
    try test.importDICOM("a")
    // One label ends another, and is written in two ways.
    let file = try export(of: "P1", in: test, labels: ["Tumor 2", "2", "TUMOR 2"])
    var settings = try test.study.readProtocol()
    settings.annotation.lesionLabels = []
    try ExamStudy.read(dicom: test.url("a"), contours: file, protocol: settings) { exam throws in
      #expect(try exam.remarks().isEmpty)
      let drawn = try exam.tables.read { database in
        try (Lesion.order(Column("id")).fetchAll(database), StoredContour.fetchAll(database))
      }
      #expect(drawn.0.map(\.name) == ["2", "Tumor 2"])
      let ids = drawn.0.map(\.id)
      #expect(drawn.1.map { Optional($0.lesionId) } == [ids[1], ids[0], ids[1], ids[1], ids[0], ids[1]])
    }
  }
}
