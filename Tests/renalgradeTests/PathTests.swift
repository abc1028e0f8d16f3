import Foundation
import GRDB
import Study
import TestSupport
import Testing

/// Files and folders on the command line: what is told in words, and what is never printed as it is.
@Suite(.serialized) struct PathTests {
  let folder: TemporaryFolder
  let study: String

  init() throws {
    folder = try TemporaryFolder()
    study = folder.url.appendingPathComponent("study").path
    try CommandLineTool.succeed("init", study, "--protocol", try Cohort.quickProtocol(in: folder))
    try FileManager.default.createDirectory(
      at: folder.url.appendingPathComponent("FOLDER"), withIntermediateDirectories: true)
    try Data("x\n1\n".utf8).write(to: folder.url.appendingPathComponent("FILE"))
  }

  /// The words of a line, of which STUDY, FOLDER, FILE, NEW and NONE stand for paths.
  private func arguments(_ line: String) -> [String] {
    line.split(separator: " ").map { word in
      switch word {
      case "STUDY": study
      case "FOLDER", "FILE", "NEW", "NONE": folder.url.appendingPathComponent(String(word)).path
      default: String(word)
      }
    }
  }

  private func error(_ line: String) throws -> String {
    let result = try CommandLineTool.run(arguments(line))
    #expect(result.status != 0 && result.status < 128, "\(line)")
    #expect(!result.error.contains("Domain"), "\(line): \(result.error)")
    return result.error
  }

  @Test func aFolderGivenForAFileIsSaidInWords() throws {
    for line in [
      "init NEW --protocol FOLDER", "import STUDY --pathology FOLDER",
      "predict FOLDER --dicom FOLDER --contours FOLDER", "predict FOLDER --dicom FOLDER --contours FILE --json FOLDER",
      "cohort import STUDY FOLDER --format tcia --clinical FOLDER", "cohort select STUDY --clinical FOLDER",
      "cohort select STUDY --clinical FILE --phases FOLDER", "deidentify FOLDER --to NEW --key FOLDER",
      "deidentify FOLDER --to NEW --audit FOLDER", "deidentify-table FOLDER --to NEW",
      "deidentify-table FILE --to FOLDER", "deidentify-table FILE --to NEW --key FOLDER",
      "nested STUDY --protocol FOLDER",
      "crossvalidate STUDY --weights FOLDER", "pacs find --url http://localhost --ca FOLDER",
      "pacs find --dimse localhost:1 --certificate FOLDER", "pacs find --dimse localhost:1 --certificate-key FOLDER",
      "pacs find --url http://localhost --credentials-file FOLDER",
      "pacs pull --url http://localhost --list FOLDER --to NEW",
      "pacs pull --url http://localhost --list FILE --to NEW --key FOLDER", "rois montage STUDY --output FOLDER",
      "paper --html FOLDER", "cohort check FOLDER --protocol STUDY",
    ] {
      #expect(try error(line).contains("it is a folder; give a file"), "\(line)")
    }
  }

  @Test func aFileGivenForAFolderIsSaidInWords() throws {
    for line in [
      "predict FILE --dicom FOLDER --contours FILE", "cohort import STUDY FILE --format kits",
      "cohort import STUDY FILE --format rmac", "deidentify FILE --to NEW", "deidentify FOLDER --to FILE",
      "pacs pull --url http://localhost --list FILE --to FILE", "phantom FILE", "cohort hospital FILE",
      "compare STUDY a b --output FILE",
    ] {
      #expect(try error(line).contains("it is a file; give a folder"), "\(line)")
    }
  }

  @Test func whatIsAbsentIsSaidInWords() throws {
    for line in [
      "init NEW --protocol NONE", "import STUDY --dicom NONE", "import STUDY --pathology NONE",
      "import STUDY --contours NONE", "cohort import STUDY NONE --format kits", "cohort select STUDY --clinical NONE",
      "deidentify NONE --to NEW", "nested STUDY --protocol NONE",
    ] {
      #expect(try error(line).contains("it cannot be read: there is no such"), "\(line)")
    }
  }

  @Test func nothingUsableIsNoSuccess() throws {
    #expect(try error("import STUDY --dicom FOLDER").contains("was taken: it is empty"))
    #expect(try error("import STUDY --dicom FILE").contains("is not a complete zip archive"))
    try Data("[]".utf8).write(to: folder.url.appendingPathComponent("FOLDER/kits.json"))
    #expect(try error("import STUDY --dicom FOLDER").contains("contains no readable CT image"))
    #expect(try error("cohort import STUDY FOLDER --format kits").contains("None of the 0 patients"))
  }

  @Test func aNameCannotSteerTheTerminal() throws {
    let evil = folder.url.appendingPathComponent("evil\u{1B}[31m\u{202E}.zip")
    try Data("none".utf8).write(to: evil)
    let result = try CommandLineTool.run(["import", study, "--dicom", evil.path])
    #expect(result.status != 0 && result.error.contains(#"evil\u{1B}[31m\u{202E}.zip is not a complete zip archive"#))
    #expect(!result.error.contains("\u{1B}") && !result.error.contains("\u{202E}"))
    let absent = try CommandLineTool.run(["import", study, "--dicom", evil.path + "\u{7}"])
    #expect(absent.status != 0 && !absent.error.contains("\u{7}") && !absent.error.contains("\u{1B}"))
  }

  @Test func aHundredThousandRemarksAreCounted() throws {
    try StudyFolder(at: URL(fileURLWithPath: study)).write { database in
      try database.execute(
        sql: """
          WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 100000)
          INSERT INTO setAside (stage, source, patientCode, excludes, subject, reason)
          SELECT 'dicom', '', CASE WHEN n = 77777 THEN 'P1' END, n = 77777, 'file ' || n || char(27) || '[2J', 'why' FROM number
          """)
    }
    let status = try CommandLineTool.succeed("status", study)
    #expect(status.contains("100000 entries; 1 patient excluded"))
    #expect(status.contains("patient P1, excluded: file 77777") && status.contains("file 9\\u{1B}"))
    #expect(!status.contains("file 10\\u{1B}") && !status.contains("\u{1B}"))
    #expect(status.contains("The other 99990: `renalgrade status \(study) --all`"))
    #expect(try CommandLineTool.succeed("status", study, "--all").split(separator: "\n").count > 100_000)
  }
}
