import DICOM
import Foundation
import GRDB
import Study
import Support
import TestSupport
import Testing

/// Imports that are killed again and again end, when the same command is given once more, as undisturbed ones do.
@Suite(.serialized) struct ImportInterruptionTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  /// What the tables say, without keys that only number the rows of a repeated step.
  private func tables(of study: String) throws -> [String] {
    try StudyFolder(at: URL(fileURLWithPath: study)).read { database in
      try [
        "SELECT * FROM patient ORDER BY id", "SELECT * FROM exam ORDER BY id", "SELECT * FROM series ORDER BY id",
        "SELECT * FROM slice ORDER BY id", "SELECT * FROM setting ORDER BY key",
        """
        SELECT code, name, grade, attributes FROM lesion JOIN patient ON patient.id = patientId ORDER BY code, name
        """,
        """
        SELECT sliceId, lesion.name, reader, annotationID, vertices FROM contour JOIN lesion ON lesion.id = lesionId
        ORDER BY sliceId, annotationID, vertices
        """,
        """
        SELECT stage, source, patientCode, excludes, subject, reason FROM setAside
        ORDER BY stage, source, patientCode, subject, reason
        """,
      ].flatMap { query in
        try Row.fetchAll(database, sql: query).map { "\($0)".replacing(study, with: "STUDY") }
      }
    }
  }

  /// Every file of the study but the tables, by its path.
  private func files(of study: String) throws -> [String: String] {
    let paths = try #require(FileManager.default.enumerator(atPath: study)).compactMap { $0 as? String }
    var files: [String: String] = [:]
    for path in paths where !path.hasPrefix("study.sqlite") {
      let url = URL(fileURLWithPath: study).appendingPathComponent(path)
      var isFolder: ObjCBool = false
      try #require(FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder))
      files[path] = isFolder.boolValue ? "folder" : try SHA256.hash(contentsOf: url).hexadecimal
    }
    return files
  }

  private func compare(protocol source: String, _ arguments: (String) -> [String]) throws {
    let (undisturbed, killed) = (folder.url.path + "/undisturbed", folder.url.path + "/killed")
    for study in [undisturbed, killed] { try CommandLineTool.succeed("init", study, "--protocol", source) }
    let start = ContinuousClock.now
    let result = try CommandLineTool.run(arguments(undisturbed))
    let milliseconds = max(100, Int((ContinuousClock.now - start) / .milliseconds(1)))
    try #require(result.status == 0, "\(result.error)")
    for _ in 0..<20 { try CommandLineTool.runAndKill(arguments(killed), within: 1...milliseconds) }
    let last = try CommandLineTool.run(arguments(killed))
    try #require(last.status == 0, "\(last.error)")
    #expect(try tables(of: killed) == tables(of: undisturbed))
    #expect(try files(of: killed) == files(of: undisturbed))
  }

  @Test func anImportEndsWithTheSameTablesAndBytes() throws {
    let cohort = try Cohort.small.get().url.appendingPathComponent("cohort")
    try compare(protocol: try Cohort.quickProtocol(in: folder)) { study in
      [
        "import", study, "--dicom", cohort.appendingPathComponent("dicom").path, "--pathology",
        cohort.appendingPathComponent("pathology.csv").path, "--contours",
        cohort.appendingPathComponent("mdai.json").path,
      ]
    }
  }

  @Test(arguments: [("kits", "kits"), ("rmac", "ucsf-rmac")])
  func aCohortImportEndsWithTheSameTablesAndBytes(format: String, protocolName: String) throws {
    let root = CommandLineTool.packageRoot
    try compare(protocol: root.appendingPathComponent("Protocols/\(protocolName).yaml").path) { study in
      [
        "cohort", "import", study, root.appendingPathComponent("Tests/IntakeTests/Fixtures/\(format)").path, "--format",
        format,
      ]
    }
  }
}
