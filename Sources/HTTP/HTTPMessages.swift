public import Foundation

/// What is asked of a server.
public struct HTTPRequest: Sendable {
  /// The URL: `http` or `https`.
  public var url: String
  /// The header fields in the order in which they are sent.
  public var headers: [(name: String, value: String)]
  /// What is sent by POST; nil for a GET.
  public var body: Data?
  /// How long the whole exchange may take; nil for any time.
  public var timeLimit: Duration?

  /// Makes a request: a GET, unless it has a body.
  public init(
    _ url: String, headers: [(name: String, value: String)] = [], body: Data? = nil, timeLimit: Duration? = nil
  ) {
    self.url = url
    self.headers = headers
    self.body = body
    self.timeLimit = timeLimit
  }
}

/// A server's answer, whose body is read piece by piece while it arrives.
///
/// It is good inside the closure that `HTTPClient.send` gives it to.
public struct HTTPResponse: Sendable {
  /// The status code, such as 200.
  public let status: Int
  let headers: [(name: String, value: String)]
  let transfer: Transfer

  /// The first header field of that name, whatever its capitals; nil where there is none.
  public func header(_ name: String) -> String? {
    headers.first { $0.name.caseInsensitiveCompare(name) == .orderedSame }?.value
  }

  /// The next piece of the body; nil at its end.
  ///
  /// While no piece is asked for, no more than some hundred kilobytes are taken from the network.
  /// - Throws: `HTTPError` where the body does not arrive whole, `CancellationError` where the task is cancelled.
  public func next() async throws -> Data? { try await transfer.next() }

  /// The whole body.
  ///
  /// - Throws: as `next` does; `HTTPError` of kind `.tooLong` where it has more than `limit` bytes.
  public func body(upTo limit: Int) async throws -> Data {
    var body = Data()
    while let piece = try await next() {
      body += piece
      guard body.count <= limit else { throw HTTPError(.tooLong, "the answer has more than \(limit) bytes") }
    }
    return body
  }
}
