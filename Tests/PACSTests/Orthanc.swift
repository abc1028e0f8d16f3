import AsyncHTTPClient
import Foundation
import NIOCore
import TestSupport
import Testing

/// A real PACS on loopback: Debian's Orthanc, with ports and a folder of its own.
final class Orthanc: @unchecked Sendable {
  static let isInstalled = FileManager.default.isExecutableFile(atPath: executable)
  static let missing: Comment = "needs Orthanc: scripts/setup --tests"

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
    // Guards against a hang only: ten minutes.
    for _ in 0..<12_000 {
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
    for file in files {
      var request = HTTPClientRequest(url: "http://127.0.0.1:\(httpPort)/instances")
      request.method = .POST
      if let authorization { request.headers.add(name: "Authorization", value: authorization) }
      request.body = .bytes(ByteBuffer(bytes: file))
      let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
      guard response.status == .ok else { throw Failure(description: "Orthanc answers \(response.status)") }
      _ = try await response.body.collect(upTo: 1 << 20)
    }
  }

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }
}

/// Sockets on 127.0.0.1.
enum Loopback {
  /// A port that was free a moment ago.
  static func freePort() throws -> Int {
    let (listener, port) = try listening()
    close(listener)
    return port
  }

  /// A listening socket on a port that the system chooses.
  static func listening() throws -> (descriptor: Int32, port: Int) {
    let (listener, port) = try bound()
    guard listen(listener, 16) == 0 else { throw POSIXError(.EADDRNOTAVAIL) }
    return (listener, port)
  }

  /// A socket that holds a port and refuses connections.
  static func bound() throws -> (descriptor: Int32, port: Int) {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let size = length
    let status = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, size) | getsockname(listener, $0, &length)
      }
    }
    guard status == 0 else { throw POSIXError(.EADDRNOTAVAIL) }
    return (listener, Int(UInt16(bigEndian: address.sin_port)))
  }

  static func answers(_ port: Int) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    address.sin_port = in_port_t(port).bigEndian
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }
}
