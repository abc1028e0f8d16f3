import Foundation

/// A small HTTP/1.1 server on loopback, on a port that the system chooses; one request a connection.
final class WeightsTestServer: @unchecked Sendable {
  struct Request: Sendable {
    let path: String
    /// The first byte asked for; nil where no range is asked for.
    let rangeStart: Int?
    /// How many requests came before.
    let number: Int
  }

  struct Response: Sendable {
    var status = 200
    var headers: [String] = []
    var body = Data()
    /// Sends only so many bytes of the body, then closes the connection.
    var cutAfter: Int?

    /// A part of `file` from the byte that the request asks for, or all of it.
    static func part(of file: Data, for request: Request, cutAfter: Int? = nil) -> Response {
      guard let start = request.rangeStart else { return Response(body: file, cutAfter: cutAfter) }
      guard start < file.count else { return Response(status: 416, headers: ["Content-Range: bytes */\(file.count)"]) }
      let range = "Content-Range: bytes \(start)-\(file.count - 1)/\(file.count)"
      return Response(status: 206, headers: [range], body: file[start...], cutAfter: cutAfter)
    }
  }

  let port: Int
  private let listener: Int32
  private let lock = NSLock()
  private var seen: [Request] = []

  /// What was asked for so far.
  var requests: [Request] { lock.withLock { seen } }

  init(_ answer: @escaping @Sendable (Request) -> Response) throws {
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let (listener, size) = (listener, length)
    let status = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, size) | getsockname(listener, $0, &length)
      }
    }
    guard status == 0, listen(listener, 16) == 0 else { throw POSIXError(.EADDRNOTAVAIL) }
    port = Int(UInt16(bigEndian: address.sin_port))
    Thread.detachNewThread { [weak self] in
      defer { close(listener) }
      while true {
        let connection = accept(listener, nil, nil)
        guard connection >= 0, let self else { return }
        self.serve(connection, answer)
        close(connection)
      }
    }
  }

  /// Refuses connections from now on; the serving thread closes the socket, so that no other one gets its number before.
  func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

  func url(_ path: String) -> String { "http://127.0.0.1:\(port)/\(path)" }

  private func serve(_ connection: Int32, _ answer: (Request) -> Response) {
    var received = Data()
    var buffer = [UInt8](repeating: 0, count: 4096)
    while received.range(of: Data("\r\n\r\n".utf8)) == nil {
      let count = recv(connection, &buffer, buffer.count, 0)
      guard count > 0 else { return }
      received.append(contentsOf: buffer[..<count])
    }
    let lines = String(decoding: received, as: UTF8.self).split(separator: "\r\n")
    let range = lines.first { $0.lowercased().hasPrefix("range: bytes=") }
    let start = range.flatMap { Int($0.dropFirst("range: bytes=".count).prefix { $0.isNumber }) }
    let path = lines.first?.split(separator: " ").dropFirst().first.map(String.init) ?? ""
    let request = lock.withLock {
      let request = Request(path: path, rangeStart: start, number: seen.count)
      seen.append(request)
      return request
    }
    let response = answer(request)
    let head = ["HTTP/1.1 \(response.status) Status", "Content-Length: \(response.body.count)", "Connection: close"]
    var bytes = Data(((head + response.headers).joined(separator: "\r\n") + "\r\n\r\n").utf8)
    bytes += response.body.prefix(response.cutAfter ?? response.body.count)
    bytes.withUnsafeBytes { bytes in
      var sent = 0
      while sent < bytes.count {
        let count = send(
          connection, bytes.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
        guard count > 0 else { return }
        sent += count
      }
    }
  }
}
