import Foundation
import Testing

/// A small HTTP/1.1 server on loopback, or any other that misbehaves; one request a connection.
final class LoopbackServer: @unchecked Sendable {
  struct Request: Sendable {
    let target: String
    let headers: [String: String]

    var path: String { String(target.prefix { $0 != "?" }) }
    func query(_ name: String) -> String? {
      target.split(separator: "?").last?.split(separator: "&").first { $0.hasPrefix("\(name)=") }
        .map { String($0.dropFirst(name.count + 1)) }
    }
  }

  struct Response: Sendable {
    var status = 200
    var headers: [String] = []
    var body = Data()
    /// Sends only so many bytes of the body, then closes the connection.
    var cutAfter: Int?

    static func json(_ text: String) -> Response {
      Response(headers: ["Content-Type: application/dicom+json"], body: Data(text.utf8))
    }

    static func multipart(_ parts: [Data], cutAfter: Int? = nil) -> Response {
      var body = Data()
      for part in parts { body += Data("\r\n--edge\r\nContent-Type: application/dicom\r\n\r\n".utf8) + part }
      body += Data("\r\n--edge--\r\n".utf8)
      let type = #"Content-Type: multipart/related; type="application/dicom"; boundary="edge""#
      return Response(headers: [type], body: body, cutAfter: cutAfter)
    }
  }

  let port: Int
  let url: URL
  private let listener: Int32
  private let lock = NSLock()
  private var seen: [Request] = []

  /// What was asked for so far.
  var requests: [Request] { lock.withLock { seen } }

  /// `answer` nil: the connection stays open, and nothing is ever sent.
  init(_ answer: @escaping @Sendable (Request, Int) -> Response?) throws {
    (listener, port) = try Loopback.listening()
    url = try #require(URL(string: "http://127.0.0.1:\(port)/dicom-web"))
    Thread.detachNewThread { [weak self, listener] in
      var silent: [Int32] = []
      defer { for descriptor in silent + [listener] { close(descriptor) } }
      while true {
        let connection = accept(listener, nil, nil)
        guard connection >= 0, let self else { return }
        if self.serve(connection, answer) { close(connection) } else { silent.append(connection) }
      }
    }
  }

  /// The serving thread closes the socket, so that no other one gets its number before.
  deinit { shutdown(listener, Int32(SHUT_RDWR)) }

  /// False where nothing was answered.
  private func serve(_ connection: Int32, _ answer: (Request, Int) -> Response?) -> Bool {
    var received = Data()
    var buffer = [UInt8](repeating: 0, count: 4096)
    while received.range(of: Data("\r\n\r\n".utf8)) == nil {
      let count = recv(connection, &buffer, buffer.count, 0)
      guard count > 0 else { return true }
      received.append(contentsOf: buffer[..<count])
      // Another protocol's client waits for an answer by now.
      guard received.starts(with: Data("GET ".utf8)) else { return false }
    }
    let lines = String(decoding: received, as: UTF8.self).components(separatedBy: "\r\n")
    let headers = lines.dropFirst().compactMap { line -> (String, String)? in
      guard let colon = line.firstIndex(of: ":") else { return nil }
      return (line[..<colon].lowercased(), line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces))
    }
    let request = Request(
      target: String(lines[0].split(separator: " ")[1]), headers: Dictionary(headers) { first, _ in first })
    let number = lock.withLock {
      seen.append(request)
      return seen.count - 1
    }
    guard let response = answer(request, number) else { return false }
    let head = ["HTTP/1.1 \(response.status) Status", "Content-Length: \(response.body.count)", "Connection: close"]
    var bytes = Data(((head + response.headers).joined(separator: "\r\n") + "\r\n\r\n").utf8)
    bytes += response.body.prefix(response.cutAfter ?? response.body.count)
    bytes.withUnsafeBytes { bytes in
      var sent = 0
      while sent < bytes.count {
        let count = send(connection, bytes.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
        guard count > 0 else { return }
        sent += count
      }
    }
    return true
  }
}
