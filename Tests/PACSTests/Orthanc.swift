import Foundation
import HTTP
import TestSupport
import Testing

/// A real PACS on loopback: Debian's Orthanc, with ports and a folder of its own.
final class Orthanc: @unchecked Sendable {
  static let isInstalled = FileManager.default.isExecutableFile(atPath: executable)
  static let missing: Comment = "needs Orthanc: scripts/setup --pacs"

  private static let executable = "/usr/sbin/Orthanc"
  private static let plugins = "/usr/share/orthanc/plugins"

  let folder: TemporaryFolder
  let httpPort: Int
  let dicomPort: Int
  let dicomWeb: URL
  private let authorization: String?
  private let lock = NSLock()
  private var process: Process?

  /// Starts it; `options` are added to its configuration.
  ///
  /// Debian's Orthanc listens on all interfaces, hence the refusal of remote HTTP and of unknown AE titles.
  init(_ options: [String: Any] = [:], user: String? = nil, password: String? = nil) async throws {
    folder = try TemporaryFolder()
    httpPort = try Loopback.freePort()
    dicomPort = try Loopback.freePort()
    authorization = user.map { "Basic " + Data("\($0):\(password ?? "")".utf8).base64EncodedString() }
    dicomWeb = try #require(URL(string: "http://127.0.0.1:\(httpPort)/dicom-web"))
    var configuration: [String: Any] = [
      "Name": "RenalGrade tests", "StorageDirectory": folder.url.appendingPathComponent("db").path,
      "HttpPort": httpPort,
      "DicomPort": dicomPort, "DicomAet": "ORTHANC", "DicomCheckCalledAet": true, "RemoteAccessAllowed": false,
      "DicomAlwaysAllowEcho": false, "DicomAlwaysAllowStore": false, "AuthenticationEnabled": user != nil,
      "RegisteredUsers": user.map { [$0: password ?? ""] } ?? [:], "Plugins": [Self.plugins], "SaveJobs": false,
      "DicomModalities": ["us": ["AET": "RENALGRADE", "Host": "127.0.0.1", "Port": 1, "AllowGet": true]],
      "DicomWeb": ["Enable": true, "Root": "/dicom-web/"],
    ]
    configuration.merge(options) { $1 }
    try JSONSerialization.data(withJSONObject: configuration)
      .write(to: folder.url.appendingPathComponent("orthanc.json"))
    try await start()
  }

  deinit { kill() }

  func start() async throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Self.executable)
    process.arguments = [folder.url.appendingPathComponent("orthanc.json").path]
    let log = folder.url.appendingPathComponent("log")
    _ = FileManager.default.createFile(atPath: log.path, contents: nil)
    process.standardOutput = try FileHandle(forWritingTo: log)
    process.standardError = process.standardOutput
    try process.run()
    lock.withLock { self.process = process }
    for _ in 0..<600 {
      if Loopback.answers(httpPort) && Loopback.answers(dicomPort) { return }
      guard process.isRunning else { break }
      try await Task.sleep(for: .milliseconds(50))
    }
    throw Failure(description: "Orthanc does not start: \((try? String(contentsOf: log, encoding: .utf8)) ?? "")")
  }

  /// As a power failure would: SIGKILL.
  func kill() {
    let running = lock.withLock { process }
    guard let running, running.isRunning else { return }
    Foundation.kill(running.processIdentifier, SIGKILL)
    running.waitUntilExit()
  }

  /// Stores DICOM files through Orthanc's own interface.
  func store(_ files: [Data]) async throws {
    let client = try HTTPClient()
    for file in files {
      var request = HTTPRequest("http://127.0.0.1:\(httpPort)/instances", body: file)
      if let authorization { request.headers.append(("Authorization", authorization)) }
      try await client.send(request) { response in
        guard response.status == 200 else { throw Failure(description: "Orthanc answers \(response.status)") }
        _ = try await response.body(upTo: 1 << 20)
      }
    }
  }

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }
}
