import DICOM
import Foundation
import GRDB
import Study
import TestSupport
import Testing

/// What is wrong in a cohort costs the patient concerned, with the reason, and nobody else.
@Suite(.serialized) struct BadInputTests {
  let folder: TemporaryFolder
  let cohort: URL
  let study: String

  init() throws {
    folder = try TemporaryFolder()
    cohort = try Cohort.copy(into: folder)
    study = folder.url.appendingPathComponent("study").path
    try CommandLineTool.succeed("init", study, "--protocol", try Cohort.quickProtocol(in: folder))
  }

  private func path(_ name: String) -> String { cohort.appendingPathComponent(name).path }

  /// The files of one patient, sorted.
  private func files(of patient: String) throws -> [URL] {
    let root = cohort.appendingPathComponent("dicom/\(patient)")
    let paths = try #require(FileManager.default.enumerator(atPath: root.path)).compactMap { $0 as? String }
    return paths.filter { $0.hasSuffix(".dcm") }.sorted().map(root.appendingPathComponent)
  }

  private func edit(_ name: String, _ change: (String) throws -> String) throws {
    let url = cohort.appendingPathComponent(name)
    try Data(try change(try String(contentsOf: url, encoding: .utf8)).utf8).write(to: url)
  }

  /// Replaces a slice by one of the same identifiers and a quarter of the pixels.
  private func halve(_ url: URL) throws {
    let attributes = try #require(try DICOMFile.attributes(of: url).first)
    let image = try DICOMFile.image(at: url)
    let half = image.columns / 2
    let values = image.values(rows: 0..<half, columns: 0..<half).map { Int16($0) }
    var instance = CTInstance(
      patientID: attributes.patientID, studyInstanceUID: attributes.studyInstanceUID,
      seriesInstanceUID: attributes.seriesInstanceUID, sopInstanceUID: attributes.sopInstanceUID, columns: half,
      rows: half,
      storedValues: values, position: try #require(attributes.imagePosition),
      pixelSpacing: try #require(attributes.pixelSpacing), sliceThickness: 2.5)
    instance.elements[.patientIdentityRemoved] = "YES"
    try instance.write(to: url)
  }

  private func importAll() throws -> String {
    try CommandLineTool.succeed(
      "import", study, "--dicom", path("dicom"), "--pathology", path("pathology.csv"), "--contours", path("mdai.json"))
    try CommandLineTool.succeed("rois", "build", study)
    return try CommandLineTool.succeed("status", study, "--all")
  }

  private func patientsWithROIs() throws -> Int {
    let folder = try StudyFolder(at: URL(fileURLWithPath: study))
    return try folder.read { try Int.fetchOne($0, sql: "SELECT COUNT(DISTINCT lesionId) FROM roi") ?? 0 }
  }

  @Test func damagedAndForeignFilesAreListedAndTheRestGoesOn() throws {
    let first = try files(of: "VIRTUAL-001")
    let whole = try Data(contentsOf: first[0])
    try whole.prefix(whole.count / 2).write(to: first[0])
    try Data("not an image".utf8).write(to: cohort.appendingPathComponent("dicom/notes.txt"))
    let status = try importAll()
    #expect(status.contains("notes.txt"))
    #expect(status.contains(first[0].lastPathComponent))
    #expect(try patientsWithROIs() == 9)
  }

  @Test func aGradeThatIsMissingOrFiveSetsItsPatientAside() throws {
    try edit("pathology.csv") { text in
      var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      for (line, grade) in [(1, ""), (2, "5")] {
        var cells = lines[line].components(separatedBy: ",")
        cells[2] = grade
        lines[line] = cells.joined(separator: ",")
      }
      return lines.joined(separator: "\n")
    }
    let status = try importAll()
    #expect(status.contains("pathology.csv:2") && status.contains("is missing; expected 1, 2, 3 or 4"))
    #expect(status.contains("pathology.csv:3") && status.contains("the grade is \"5\""))
    #expect(try patientsWithROIs() == 8)
  }

  @Test func onePatientUnderTwoIDsIsNotGuessedAt() throws {
    try edit("pathology.csv") { text in
      let row = try #require(text.split(separator: "\n").dropFirst().first)
      return text + row.replacingOccurrences(of: "VIRTUAL-001", with: "virtual 001") + "\n"
    }
    #expect(try importAll().contains("two ids that differ only in case, blanks, punctuation or decimals"))
    #expect(try patientsWithROIs() == 9)
  }

  @Test func badContoursCostTheirPatientsOnly() throws {
    try edit("mdai.json") { text in
      var export = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
      var datasets = try #require(export["datasets"] as? [[String: Any]])
      var annotations = try #require(datasets[0]["annotations"] as? [[String: Any]])
      let bad: [[[Double]]] = [
        [[-500, -500], [-400, -500], [-450, -400]], [[10, 10], [20, 20]],
        [[100, 100], [200, 200], [200, 100], [100, 190]],
      ]
      var studies: [String] = []
      for index in annotations.indices {
        let uid = try #require(annotations[index]["StudyInstanceUID"] as? String)
        if studies.contains(uid) || studies.count == 4 { continue }
        if studies.count < 3 {
          annotations[index]["data"] = ["vertices": bad[studies.count]]
        } else {
          annotations[index]["SOPInstanceUID"] = "1.2.3.4"
        }
        studies.append(uid)
      }
      datasets[0]["annotations"] = annotations
      export["datasets"] = datasets
      return String(decoding: try JSONSerialization.data(withJSONObject: export), as: UTF8.self)
    }
    let status = try importAll()
    #expect(status.contains("1.2.3.4"))
    #expect(try patientsWithROIs() == 6)
  }

  @Test func malformedFilesAreNamedWithTheirLineAndChangeNothing() throws {
    _ = try importAll()
    try edit("mdai.json") { $0.replacingOccurrences(of: "\"annotations\"", with: "annotations") }
    #expect(try CommandLineTool.fail("import", study, "--contours", path("mdai.json")).contains("mdai.json:"))
    try edit("pathology.csv") { $0 + "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t\n" }
    #expect(
      try CommandLineTool.fail("import", study, "--pathology", path("pathology.csv")).contains("pathology.csv:12"))
    #expect(try patientsWithROIs() == 10)
    let protocolFile = URL(fileURLWithPath: study).appendingPathComponent("protocol.yaml")
    let text = try String(contentsOf: protocolFile, encoding: .utf8)
    try Data(text.replacingOccurrences(of: "  boxSize: 128", with: "  boxSize: [128").utf8).write(to: protocolFile)
    #expect(try CommandLineTool.fail("rois", "build", study).contains("protocol.yaml"))
  }

  @Test func twoSeriesUnderOneUIDAreSeenAsTwo() throws {
    // A slice of the first patient's series that is half as large: it cannot be of the same series.
    let all = try files(of: "VIRTUAL-001")
    try halve(all[0])
    #expect(try importAll().contains("two series under one UID"))
    #expect(try patientsWithROIs() == 9)
  }

  /// Whether a process may mount a file system of its own, here a very small one.
  static let canMount = (try? CommandLineTool.shell("unshare -rm true"))?.status == 0

  @Test(.enabled(if: canMount, "this machine allows no mount of one's own"))
  func aFullDiskKeepsWhatWasThere() throws {
    let disk = folder.url.appendingPathComponent("disk").path
    try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
    // Room for the first patients; the import of the rest must fail and leave the study as it was.
    let result = try CommandLineTool.shell(
      """
      unshare -rm sh -e -c '
        mount -t tmpfs -o size=9m none \(disk)
        $0 init \(disk)/study --protocol \(folder.url.path)/quick.yaml
        $0 import \(disk)/study --dicom \(path("dicom"))/VIRTUAL-001 --pathology \(path("pathology.csv"))
        $0 status \(disk)/study > \(folder.url.path)/before
        if $0 import \(disk)/study --dicom \(path("dicom")); then exit 9; fi
        $0 status \(disk)/study > \(folder.url.path)/after
      ' \(CommandLineTool.executable.path)
      """)
    #expect(result.status == 0, "\(result.error)")
    #expect(result.error.contains("make room"))
    let statuses = try ["before", "after"].map {
      try String(contentsOf: folder.url.appendingPathComponent($0), encoding: .utf8)
    }
    #expect(statuses[0].contains("patients: 1\n") && statuses[0].contains("slices: 3\n"))
    #expect(statuses[0] == statuses[1])
  }

  /// Root reads everything, so the tool runs as nobody where the tests run as root.
  static let asNobody = geteuid() == 0 ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : []
  static let canBeNobody =
    (try? CommandLineTool.run(["--version"], wrapper: asNobody))?.status == 0

  @Test(.enabled(if: canBeNobody, "the tool cannot be run by somebody who is not root"))
  func anUnreadableFolderIsListedAndTheRestGoesOn() throws {
    try #require(try CommandLineTool.shell("chmod -R a+rwX \(folder.url.path)").status == 0)
    try #require(try CommandLineTool.shell("chmod 000 \(path("dicom"))/VIRTUAL-001").status == 0)
    let result = try CommandLineTool.run(
      [
        "import", study, "--dicom", path("dicom"), "--pathology", path("pathology.csv"), "--contours",
        path("mdai.json"),
      ],
      wrapper: Self.asNobody)
    try #require(try CommandLineTool.shell("chmod 755 \(path("dicom"))/VIRTUAL-001").status == 0)
    #expect(result.status == 0, "\(result.error)")
    let status = try CommandLineTool.succeed("status", study)
    #expect(status.contains("VIRTUAL-001") && status.contains("cannot be read"))
    #expect(status.contains("patients: 9\n"))
  }

  @Test func anAbsentFolderIsNamed() throws {
    let message = try CommandLineTool.fail("import", study, "--dicom", path("absent"))
    #expect(message.contains("absent") && message.contains("cannot be read"))
    #expect(try CommandLineTool.fail("status", path("dicom")).contains("is not a study"))
  }
}
