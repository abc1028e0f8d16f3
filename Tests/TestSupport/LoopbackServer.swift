public import Foundation

/// A small HTTP/1.1 server on loopback, or any other that misbehaves; it serves one connection after the other.
public final class LoopbackServer: @unchecked Sendable {
  /// What a client asked for.
  public struct Request: Sendable {
    /// The path with its query.
    public let target: String
    /// The header fields by their names in lowercase letters.
    public let headers: [String: String]
    /// What was posted.
    public let body: Data
    /// How many requests came before.
    public let number: Int

    /// The path without its query.
    public var path: String { String(target.prefix { $0 != "?" }) }

    /// The value of a query's item as it was sent; nil where there is none.
    public func query(_ name: String) -> String? {
      target.split(separator: "?").last?.split(separator: "&").first { $0.hasPrefix("\(name)=") }
        .map { String($0.dropFirst(name.count + 1)) }
    }

    /// The first byte of the range that is asked for; nil where none is.
    public var rangeStart: Int? {
      headers["range"].flatMap { Int($0.dropFirst("bytes=".count).prefix { $0.isNumber }) }
    }
  }

  /// What the server answers.
  public struct Response: Sendable {
    /// The status code.
    public var status: Int
    /// Whole lines besides those that the server adds.
    public var headers: [String]
    /// The body; its length is stated.
    public var body: Data
    /// Sends only so many bytes of the body, then closes the connection.
    public var cutAfter: Int?
    /// Keeps the connection open for another request.
    public var keepsConnection: Bool
    /// States no length: the body ends with the connection.
    public var hidesLength = false
    /// Sends this after the body again and again, until the client hangs up; no length is stated.
    public var drip: Data?
    /// Sends these bytes and nothing else.
    public var raw: Data?

    /// Makes an answer: by default one of success, without a body.
    public init(
      status: Int = 200, headers: [String] = [], body: Data = Data(), cutAfter: Int? = nil,
      keepsConnection: Bool = false
    ) {
      self.status = status
      self.headers = headers
      self.body = body
      self.cutAfter = cutAfter
      self.keepsConnection = keepsConnection
    }

    /// Makes an answer of these bytes, which need be no HTTP.
    public init(raw: Data) {
      self.init()
      self.raw = raw
    }

    /// A part of `file` from the byte that the request asks for, or all of it.
    public static func part(of file: Data, for request: Request, cutAfter: Int? = nil) -> Response {
      guard let start = request.rangeStart else { return Response(body: file, cutAfter: cutAfter) }
      guard start < file.count else { return Response(status: 416, headers: ["Content-Range: bytes */\(file.count)"]) }
      let range = "Content-Range: bytes \(start)-\(file.count - 1)/\(file.count)"
      return Response(status: 206, headers: [range], body: file[start...], cutAfter: cutAfter)
    }
  }

  /// The port, which the system has chosen.
  public var port: Int { listener.port }
  private let listener: LoopbackListener
  private let lock = NSLock()
  private var seen: [Request] = []
  private var sent = 0
  private var accepted = 0

  /// What was asked for so far.
  public var requests: [Request] { lock.withLock { seen } }
  /// How many bytes were sent so far.
  public var sentBytes: Int { lock.withLock { sent } }
  /// How many connections were made so far.
  public var connections: Int { lock.withLock { accepted } }

  /// Begins to serve; where `answer` gives nil, the connection stays open, and nothing is ever sent.
  public init(_ answer: @escaping @Sendable (Request) -> Response?) throws {
    listener = try LoopbackListener()
    Thread.detachNewThread { [weak self, listener] in
      var silent: [Int32] = []
      defer {
        for descriptor in silent { close(descriptor) }
        listener.close()
      }
      while let connection = listener.next() {
        guard let self else { return _ = close(connection) }
        self.lock.withLock { self.accepted += 1 }
        if self.serve(connection, answer) { close(connection) } else { silent.append(connection) }
      }
    }
  }

  deinit { stop() }

  /// Refuses connections from now on.
  public func stop() { listener.stop() }

  /// The URL of a path, which begins without a slash.
  public func url(_ path: String) -> String { "http://127.0.0.1:\(port)/\(path)" }

  /// Answers the requests of one connection; false where one was left without an answer.
  private func serve(_ connection: Int32, _ answer: (Request) -> Response?) -> Bool {
    while true {
      let border = Data("\r\n\r\n".utf8)
      // Another protocol's client begins with a byte that is no letter, and waits for an answer.
      func isForeign(_ received: Data) -> Bool { received.first.map { $0 < 0x20 } ?? false }
      let received = receive(connection) { isForeign($0) || $0.range(of: border) != nil }
      if isForeign(received) { return false }
      guard let end = received.range(of: border) else { return true }
      let lines = String(decoding: received[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
      let headers = lines.dropFirst().compactMap { line -> (String, String)? in
        guard let colon = line.firstIndex(of: ":") else { return nil }
        return (line[..<colon].lowercased(), line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces))
      }
      let fields = Dictionary(headers) { first, _ in first }
      var body = Data(received[end.upperBound...])
      let length = fields["content-length"].flatMap { Int($0) } ?? 0
      if body.count < length {
        body += receive(connection) { [missing = length - body.count] in $0.count >= missing }
      }
      let request = lock.withLock {
        let target = lines[0].split(separator: " ").dropFirst().first.map(String.init) ?? ""
        let request = Request(target: target, headers: fields, body: body, number: seen.count)
        seen.append(request)
        return request
      }
      guard let response = answer(request) else { return false }
      if let raw = response.raw {
        _ = send(raw, connection)
        return true
      }
      var head = ["HTTP/1.1 \(response.status) Status"]
      if !response.hidesLength, response.drip == nil { head.append("Content-Length: \(response.body.count)") }
      if !response.keepsConnection { head.append("Connection: close") }
      let bytes = Data(((head + response.headers).joined(separator: "\r\n") + "\r\n\r\n").utf8)
      let isSent = send(bytes + response.body.prefix(response.cutAfter ?? response.body.count), connection)
      if let drip = response.drip, isSent {
        while send(drip, connection) { usleep(2000) }
        return true
      }
      guard isSent, response.keepsConnection else { return true }
    }
  }

  /// What arrives until it is enough, or the client hangs up.
  private func receive(_ connection: Int32, until isEnough: (Data) -> Bool) -> Data {
    var received = Data()
    var buffer = [UInt8](repeating: 0, count: 65536)
    while !isEnough(received) {
      let count = recv(connection, &buffer, buffer.count, 0)
      guard count > 0 else { break }
      received.append(contentsOf: buffer[..<count])
    }
    return received
  }

  private func send(_ bytes: Data, _ connection: Int32) -> Bool {
    bytes.withUnsafeBytes { bytes in
      var offset = 0
      while offset < bytes.count {
        let count = Foundation.send(
          connection, bytes.baseAddress.map { $0 + offset }, bytes.count - offset, Int32(MSG_NOSIGNAL))
        guard count > 0 else { return false }
        offset += count
        lock.withLock { sent += count }
      }
      return true
    }
  }
}
