import DICOM
import Foundation
import Imaging
import Support
import TestSupport
import Testing

/// `renalgrade pacs pull`, run as a user runs it.
@Suite(.timeLimit(.minutes(30)))
struct PullTests {
  let folder: TemporaryFolder
  let list: URL
  let key: URL

  init() throws {
    folder = try TemporaryFolder()
    list = folder.url.appendingPathComponent("list.csv")
    key = folder.url.appendingPathComponent("pseudonyms.key")
    try "patient_id\nWEB-1\nWEB-2\nNOBODY\n".write(to: list, atomically: true, encoding: .utf8)
  }

  /// Two patients with three series of 16 slices each.
  static let slices: [(patient: Int, series: Int, number: Int)] = (1...2).flatMap { patient in
    (1...3).flatMap { series in (1...16).map { (patient, series, $0) } }
  }

  static func file(_ slice: (patient: Int, series: Int, number: Int)) throws -> Data {
    let (study, number) = ("1.2.3.\(slice.patient)", slice.number)
    var instance = CTInstance(
      patientID: "WEB-\(slice.patient)", studyInstanceUID: study, seriesInstanceUID: "\(study).\(slice.series)",
      sopInstanceUID: "\(study).\(slice.series).\(number)", columns: 64, rows: 64,
      storedValues: (0..<64 * 64).map { Int16(truncatingIfNeeded: $0 &* (number + 7) % 901) },
      position: [0, 0, Double(number)], pixelSpacing: PixelSpacing(row: 1, column: 1), sliceThickness: 1)
    instance.elements[.modality] = "CT"
    return try instance.encoded()
  }

  /// A DICOMweb service that has these slices, says "no more matches" by an empty body, and sends single instances as they are.
  static func server() throws -> LoopbackServer {
    let files = try Dictionary(
      uniqueKeysWithValues: slices.map { ("1.2.3.\($0.patient).\($0.series).\($0.number)", try file($0)) })
    return try LoopbackServer { request in
      let parts = request.path.split(separator: "/").map(String.init)
      guard let offset = request.query("offset") else {
        let sent = files.filter { $0.key.hasPrefix(parts[4] + ".") && (parts.count < 6 || $0.key == parts[6]) }
        if parts.count > 5, let file = sent.first?.value {
          return .init(headers: ["Content-Type: application/dicom"], body: file)
        }
        var body = Data()
        for file in sent.sorted(by: { $0.key < $1.key }) { body += Data("\r\n--edge\r\n\r\n".utf8) + file.value }
        return .init(
          headers: ["Content-Type: multipart/related; boundary=edge"], body: body + Data("\r\n--edge--".utf8))
      }
      let patient = request.query("00100020")?.split(separator: "-").last.flatMap { Int($0) }
      let matches: [String] =
        switch parts.count {
        case 2 where patient == nil: []
        case 2: [#"{"0020000D":{"Value":["1.2.3.\#(patient ?? 0)"]},"00100020":{"Value":["WEB-\#(patient ?? 0)"]}}"#]
        case 4: (1...3).map { #"{"0020000E":{"Value":["\#(parts[2]).\#($0)"]},"00080060":{"Value":["CT"]}}"# }
        default: (1...16).map { #"{"00080018":{"Value":["\#(parts[4]).\#($0)"]}}"# }
        }
      guard offset == "0", !matches.isEmpty else { return .init(headers: ["Content-Type: application/dicom+json"]) }
      return .init(
        headers: ["Content-Type: application/dicom+json"], body: Data("[\(matches.joined(separator: ","))]".utf8))
    }
  }

  func arguments(_ server: LoopbackServer, _ name: String) -> [String] {
    [
      "pacs", "pull", "--url", server.url("dicom-web"), "--list", list.path, "--to",
      folder.url.appendingPathComponent(name).path, "--key", key.path, "--parallel", "2",
    ]
  }

  /// All that a pull leaves, by path: images, audits, and the journal, whose lines may come in any order.
  func everything(_ name: String) throws -> [String: Data] {
    var found: [String: Data] = [:]
    for part in [name, name + ".audit"] {
      let root = folder.url.appendingPathComponent(part)
      for path in try FileManager.default.subpathsOfDirectory(atPath: root.path) {
        let file = root.appendingPathComponent(path)
        guard (try file.resourceValues(forKeys: [.isRegularFileKey])).isRegularFile == true else { continue }
        found[part.dropFirst(name.count) + "/" + path] = try Data(contentsOf: file)
      }
    }
    let journal = try String(contentsOf: folder.url.appendingPathComponent(name + ".journal"), encoding: .utf8)
    found["journal"] = Data(journal.split(separator: "\n").sorted().joined(separator: "\n").utf8)
    return found
  }

  @Test func aPullThatIsKilledAgainAndAgainGivesTheSameFiles() throws {
    let server = try Self.server()
    let whole = try CommandLineTool.run(arguments(server, "undisturbed"))
    #expect(whole.status == 1 && whole.output.contains("6 of 6 series"), "\(whole.output)\(whole.error)")
    #expect(whole.output.contains("the PACS has no study of this patient_id") && !whole.output.contains("NOBODY"))
    let expected = try everything("undisturbed")
    #expect(expected.count == Self.slices.count + 2 + 1)

    // Each is killed once a number of further files that is drawn beforehand has come, and goes on where one was killed.
    var random = SplitMix64(seed: 12)
    let target = folder.url.appendingPathComponent("killed")
    for _ in 0..<20 {
      let process = Process()
      process.executableURL = CommandLineTool.executable
      process.arguments = arguments(server, "killed")
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      let limit = Self.files(in: target) + Int.random(in: 0...6, using: &random)
      try process.run()
      while process.isRunning, Self.files(in: target) < limit { usleep(300) }
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }
    let last = try CommandLineTool.run(arguments(server, "killed"))
    #expect(last.status == 1 && last.output.contains("6 of 6 series"), "\(last.output)\(last.error)")
    let found = try everything("killed")
    #expect(found.keys.sorted() == expected.keys.sorted())
    for (path, data) in expected { #expect(found[path] == data, "\(path)") }
  }

  /// The number of files below a folder, half-written ones too.
  private static func files(in folder: URL) -> Int {
    let paths = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
    return paths.count { $0.hasSuffix(".dcm") || $0.hasSuffix(".partial") }
  }

  @Test func aSecretIsSentInTheOpenOnlyWhereThatIsAllowed() throws {
    let secret = folder.url.appendingPathComponent("secret")
    try "t0ken".write(to: secret, atomically: true, encoding: .utf8)
    let remote = ["pacs", "echo", "--url", "http://192.0.2.1:1/dicom-web", "--credentials-file", secret.path]
    let refused = try CommandLineTool.run(remote)
    #expect(refused.status != 0 && refused.error.contains("--credentials-over-http"))
    #expect(!"\(refused)".contains("t0ken"))
    let useless = try CommandLineTool.fail("pacs", "echo", "--url", "http://192.0.2.1:1/", "--credentials-over-http")
    #expect(useless.contains("--credentials-file"))
  }

  @Test func aDamagedAuditStopsThePull() throws {
    let server = try Self.server()
    let audits = folder.url.appendingPathComponent("scans.audit")
    _ = try CommandLineTool.run(arguments(server, "scans"))
    for name in try FileManager.default.contentsOfDirectory(atPath: audits.path) {
      try Data("{".utf8).write(to: audits.appendingPathComponent(name))
    }
    try FileManager.default.removeItem(at: folder.url.appendingPathComponent("scans.journal"))
    let result = try CommandLineTool.run(arguments(server, "scans"))
    #expect(result.status == 1 && result.output.contains("is damaged"), "\(result.output)\(result.error)")
  }
}
