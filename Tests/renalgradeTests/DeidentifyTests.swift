import DICOM
import Foundation
import Support
import TestSupport
import Testing

/// `renalgrade deidentify` as a user runs it.
@Suite(.serialized) struct DeidentifyTests {
  let folder: TemporaryFolder
  var environment: [String: String] { ["XDG_CONFIG_HOME": path("configuration")] }

  init() throws { folder = try TemporaryFolder() }

  private func path(_ name: String) -> String { folder.url.appendingPathComponent(name).path }

  private func writeSlices(_ count: Int, to name: String, _ change: [DICOMTag: String] = [:]) throws {
    let source = folder.url.appendingPathComponent(name)
    try FileManager.default.createDirectory(at: source, withIntermediateDirectories: true)
    for index in 0..<count {
      var slice = CTInstance(
        patientID: "MRN-\(index % 7)", studyInstanceUID: "1.2.3.\(index % 7)",
        seriesInstanceUID: "1.2.3.\(index % 7).1",
        sopInstanceUID: "1.2.3.\(index % 7).1.\(index)", columns: 16, rows: 16,
        storedValues: [Int16](repeating: Int16(index % 100), count: 256), position: SIMD3(0, 0, Double(index)),
        pixelSpacing: .init(row: 0.8, column: 0.8), sliceThickness: 2.5)
      slice.elements[.patientName] = "Miller^Anna"
      slice.elements.merge(change) { $1 }
      try slice.write(to: source.appendingPathComponent("\(index).dcm"))
    }
  }

  private func run(_ arguments: String...) throws -> CommandLineTool.Result {
    try CommandLineTool.run(["deidentify"] + arguments, environment: environment)
  }

  /// The files below a folder with their hashes, hidden ones too.
  private func contents(_ name: String) throws -> [String: String] {
    var files: [String: String] = [:]
    for file in try FileManager.default.subpathsOfDirectory(atPath: path(name)) {
      let url = folder.url.appendingPathComponent("\(name)/\(file)")
      if !url.hasDirectoryPath, let data = try? Data(contentsOf: url) { files[file] = data.sha256 }
    }
    return files
  }

  @Test func whatIsKilledEndsWithTheSameFiles() throws {
    try writeSlices(400, to: "source")
    try #require(try run(path("source"), "--to", path("undisturbed")).status == 0)
    let key = try #require(
      try FileManager.default.contentsOfDirectory(atPath: path("configuration/renalgrade/keys")).first)
    let keyFile = path("configuration/renalgrade/keys/\(key)")
    var killed = 0
    for _ in 0..<20 {
      do throws(SubprocessError) {
        let arguments = ["deidentify", path("source"), "--to", path("killed"), "--key", keyFile]
        _ = try Subprocess(CommandLineTool.executable, arguments, environment: environment)
          .result(timeLimit: .milliseconds(Int.random(in: 10...600)))
      } catch {
        guard case .timeLimit = error.kind else { throw error }
        killed += 1
      }
    }
    // As a run leaves behind that was killed while it wrote a file.
    let patient = try #require(try FileManager.default.contentsOfDirectory(atPath: path("undisturbed")).first)
    let leftover = folder.url.appendingPathComponent("killed/\(patient)/.1.dcm.12345678.partial")
    try FileManager.default.createDirectory(
      at: leftover.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data("half".utf8).write(to: leftover)
    let last = try run(path("source"), "--to", path("killed"), "--key", keyFile)
    try #require(last.status == 0, "\(last.error)")
    print("deidentify: \(killed) of 20 runs were killed before their end")
    #expect(try contents("killed") == contents("undisturbed"))
    #expect(try contents("undisturbed").count == 400)
  }

  @Test func killedAtItsFirstRun() throws {
    // The key and the folder's identity are made then.
    try writeSlices(60, to: "source")
    for round in 0..<20 {
      let destination = path("scans\(round)")
      _ = try? Subprocess(
        CommandLineTool.executable, ["deidentify", path("source"), "--to", destination], environment: environment
      ).result(timeLimit: .milliseconds(Int.random(in: 5...200)))
      let result = try run(path("source"), "--to", destination)
      #expect(result.status == 0, "\(result.output) \(result.error)")
      #expect(try contents("scans\(round)").count == 60)
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: path("configuration/renalgrade/keys"))
    #expect(!names.contains { $0.hasSuffix(".partial") } && names.count == 20)
  }

  @Test func whatCannotBeReadIsSaid() throws {
    try writeSlices(2, to: "source", [.pixelSpacing: #"0.8 mm\0.8 mm"#, .bodyPartExamined: "MILLER"])
    let result = try run(path("source"), "--to", path("scans"), "--audit", path("audit.json"))
    #expect(result.status == 0)
    #expect(result.output.contains("(0028,0030) PixelSpacing, in 2 places"))
    #expect(result.output.contains("(0018,0015) BodyPartExamined, in 2 places"))
    let audit = try String(contentsOfFile: path("audit.json"), encoding: .utf8)
    #expect(audit.contains("unreadable") && !audit.contains("MILLER"))
    #expect(try run(path("scans"), "--check", "--originals", path("source")).output.contains("Nothing found."))
  }

  @Test func whatIsKeptIsListed() throws {
    let basic = try run("--list-kept")
    #expect(basic.status == 0 && !basic.output.contains("PatientSex"))
    let patient = try run("--list-kept", "--keep-patient-characteristics")
    #expect(patient.output.contains("(0010,0040) PatientSex: the value (PS3.15 Table E.1-1)"))
    #expect(try run("--help").output.contains("--list-kept"))
    for wrong in [["--check"], ["x", "--check", "--list-kept"], ["x", "--to", "y", "--originals", "z"]] {
      #expect(try CommandLineTool.run(["deidentify"] + wrong, environment: environment).status == 64)
    }
  }

  @Test func theCheckFindsWhatTheOriginalsSay() throws {
    try writeSlices(3, to: "source")
    #expect(try run(path("source"), "--check", "--originals", path("source")).output.contains("knownIdentifier"))
    try Data("Miller\n".utf8).write(to: folder.url.appendingPathComponent("names.txt"))
    let known = try run(path("source"), "--check", "--known", path("names.txt"))
    #expect(known.status == 1 && known.output.contains("knownIdentifier (0010,0010) PatientName"))
    #expect(!known.output.contains("Miller"))
  }

  @Test func twoFoldersOfOneNameCannotBeLinked() throws {
    try writeSlices(7, to: "source")
    for project in ["a", "b"] {
      #expect(try run(path("source"), "--to", path("\(project)/scans")).status == 0)
    }
    let (one, other) = (try contents("a/scans"), try contents("b/scans"))
    #expect(one.count == 7 && Set(one.keys).isDisjoint(with: other.keys))
  }
}
