import DICOM
import Foundation
import GRDB
import Imaging
import Support
import TestSupport
import Testing

@testable import Intake
@testable import Study

/// A study, and folders of small CT slices beside it that are imported into it.
struct ImportFolder {
  let folder: TemporaryFolder
  let study: StudyFolder

  /// By the paper's protocol: patient IDs are identifiers, unless said otherwise.
  init(patientIDs: String = "identifiers", _ changes: [(String, String)] = []) throws {
    folder = try TemporaryFolder()
    var text = try String(contentsOf: protocolsFolder.appendingPathComponent("paper.yaml"), encoding: .utf8)
    for (old, new) in changes { text = text.replacingOccurrences(of: old, with: new) }
    let file = folder.url.appendingPathComponent("protocol-source.yaml")
    try AtomicFile.write(
      text.replacingOccurrences(of: "patientIDs: identifiers", with: "patientIDs: \(patientIDs)"), to: file)
    study = try StudyFolder.create(at: folder.url.appendingPathComponent("study"), protocolSource: file)
  }

  /// Writes `name`, a path below the test's folder: a slice at height `z` mm, all of one `value`.
  func write(
    _ name: String, patient: String, exam: String, series: String, sop: String, z: Double, value: Int16 = 0,
    _ change: (inout CTInstance) -> Void = { _ in }
  ) throws {
    let url = folder.url.appendingPathComponent(name)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    var instance = CTInstance(
      patientID: patient, studyInstanceUID: uid(exam), seriesInstanceUID: uid(series), sopInstanceUID: uid(sop),
      columns: 8, rows: 8, storedValues: Array(repeating: value, count: 64), position: SIMD3(0, 0, z),
      pixelSpacing: PixelSpacing(row: 1, column: 1), sliceThickness: 2.5)
    change(&instance)
    try instance.write(to: url)
  }

  /// Writes a series of the patient's own, `count` slices 2.5 mm apart, into the folder `name`.
  func writeSeries(
    _ name: String, patient: String, count: Int = 3, _ change: (inout CTInstance) -> Void = { _ in }
  ) throws {
    for index in 0..<count {
      try write(
        "\(name)/\(patient)-\(index).dcm", patient: patient, exam: patient, series: patient, sop: "\(patient) \(index)",
        z: 2.5 * Double(index), change)
    }
  }

  func uid(_ name: String) -> String { DICOMUID.make(from: name) }

  func url(_ name: String) -> URL { folder.url.appendingPathComponent(name) }

  @discardableResult func importDICOM(_ name: String) throws -> DICOMImport.Summary {
    try DICOMImport.run(url(name), into: study)
  }

  func importPathology(_ table: String) throws -> PathologyImport.Summary {
    try AtomicFile.write(table, to: url("pathology.csv"))
    return try PathologyImport.run(url("pathology.csv"), into: study)
  }

  /// How many slices the study holds of the patient.
  func slices(of patient: String) throws -> Int? {
    try study.read { database in
      try Int.fetchOne(
        database,
        sql: """
          SELECT COUNT(*) FROM slice JOIN series ON series.id = slice.seriesId JOIN exam ON exam.id = series.examId
            JOIN patient ON patient.id = exam.patientId WHERE patient.sourceID = ?
          """, arguments: [patient])
    }
  }

  func excluded() throws -> Set<String> { Set(try study.setAside().filter(\.excludes).compactMap(\.patientCode)) }
}
