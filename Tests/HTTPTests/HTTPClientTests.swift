import Foundation
import TestSupport
import Testing

@testable import HTTP

// Guards against a hang only: on a machine with two busy cores a test may wait minutes for its turn.
@Suite(.timeLimit(.minutes(15)))
struct HTTPClientTests {
  /// Limits that only a hang can reach.
  private func client(redirects: Int = 0, idleTimeout: Duration = .seconds(300)) throws -> HTTPClient {
    var configuration = HTTPClient.Configuration()
    configuration.redirects = redirects
    configuration.connectTimeout = .seconds(300)
    configuration.idleTimeout = idleTimeout
    return try HTTPClient(configuration)
  }

  private func text(_ url: String, _ client: HTTPClient) async throws -> String {
    try await client.send(HTTPRequest(url)) { String(decoding: try await $0.body(upTo: 1 << 20), as: UTF8.self) }
  }

  private func failure(_ body: () async throws -> Void) async -> HTTPError.Kind? {
    await #expect(throws: HTTPError.self) { try await body() }?.kind
  }

  @Test func whatIsSentAndWhatComesBack() async throws {
    let server = try LoopbackServer { request in
      .init(status: 201, headers: ["X-Method: \(request.body.isEmpty ? "GET" : "POST")", "x-twice: a", "X-Twice: b"])
    }
    let headers = [(name: "Accept", value: "text/plain"), (name: "Authorization", value: "Bearer t0ken")]
    try await client().send(HTTPRequest(server.url("a?b=c%20d"), headers: headers)) { response in
      #expect(response.status == 201 && response.header("x-method") == "GET" && response.header("X-TWICE") == "a")
      #expect(response.header("absent") == nil)
      let piece = try await response.next()
      #expect(piece == nil)
    }
    // Longer than what curl would ask leave for.
    let body = Data((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0) })
    try await client().send(HTTPRequest(server.url("post"), body: body)) { response in
      #expect(response.header("X-Method") == "POST")
    }
    let (get, post) = (try #require(server.requests.first), try #require(server.requests.last))
    #expect(get.target == "/a?b=c%20d" && get.headers["accept"] == "text/plain")
    #expect(get.headers["authorization"] == "Bearer t0ken" && get.headers["user-agent"] == nil)
    #expect(post.body == body && post.headers["expect"] == nil)
  }

  @Test func aConnectionServesTheNextRequest() async throws {
    let server = try LoopbackServer { .init(body: Data("\($0.number)".utf8), keepsConnection: true) }
    let client = try client()
    for number in 0..<5 { #expect(try await text(server.url("x"), client) == "\(number)") }
    #expect(server.connections == 1)
  }

  @Test func aBodyWaitsForItsReader() async throws {
    let size = 64 << 20
    let server = try LoopbackServer { _ in .init(body: Data(count: size)) }
    var received = 0
    try await client().send(HTTPRequest(server.url("x"))) { response in
      received += try await response.next()?.count ?? 0
      // Time in which a client that does not wait for its reader takes it all.
      for _ in 0..<20 where server.sentBytes < size { try await Task.sleep(for: .milliseconds(50)) }
      #expect(server.sentBytes < size)
      while let piece = try await response.next() { received += piece.count }
    }
    #expect(received == size)
  }

  @Test func whatIsNotReadIsNotFetched() async throws {
    let server = try LoopbackServer { _ in .init(body: Data(count: 64 << 20)) }
    let client = try client()
    let status = try await client.send(HTTPRequest(server.url("x"))) { $0.status }
    #expect(status == 200)
    struct Refusal: Error {}
    await #expect(throws: Refusal.self) {
      try await client.send(HTTPRequest(server.url("x"))) { response in
        _ = try await response.next()
        throw Refusal()
      }
    }
    #expect(await failure { _ = try await text(server.url("x"), client) } == .tooLong)
  }

  @Test func aCutBodyIsReadUpToTheCut() async throws {
    let server = try LoopbackServer { _ in .init(body: Data(count: 1000), cutAfter: 400) }
    var received = 0
    let kind = await failure {
      try await client().send(HTTPRequest(server.url("x"))) { response in
        while let piece = try await response.next() { received += piece.count }
      }
    }
    #expect(kind == .interrupted && received == 400)
  }

  @Test(arguments: [
    "", "H", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-", "HTTP/1.1 100 Continue\r\n\r\n", "\0\0",
  ])
  func anAnswerThatEndsInItsHeaderIsNone(start: String) async throws {
    let server = try LoopbackServer { _ in .init(raw: Data(start.utf8)) }
    let kind = await failure { _ = try await text(server.url("x"), client()) }
    #expect(kind == .interrupted || kind == .malformed)
  }

  @Test func nobodyThere() async throws {
    let (descriptor, port) = try Loopback.bound()
    defer { close(descriptor) }
    #expect(await failure { _ = try await text("http://127.0.0.1:\(port)/", client()) } == .unreachable)
  }

  @Test(arguments: ["nonsense", "ftp://127.0.0.1/", "file:///etc/passwd", "http://"])
  func urlsThatAreNone(url: String) async throws {
    let kind = await failure { _ = try await text(url, client()) }
    // A word is taken for the name of a host.
    #expect(kind == .malformed || (url == "nonsense" && kind == .unreachable))
  }

  @Test func aSilentServerTimesOut() async throws {
    let server = try LoopbackServer { _ in nil }
    let quick = try client(idleTimeout: .milliseconds(200))
    #expect(await failure { _ = try await text(server.url("x"), quick) } == .idleTimeout)
    let kind = await failure {
      try await client().send(HTTPRequest(server.url("x"), timeLimit: .milliseconds(200))) { _ in }
    }
    #expect(kind == .timeLimit)
  }

  @Test func redirectsAreFollowedAsFarAsIsAllowed() async throws {
    let server = try LoopbackServer { request in
      let left = Int(request.path.dropFirst()) ?? 0
      return left == 0
        ? .init(headers: ["X-Range: \(request.rangeStart ?? -1)"], body: Data("there".utf8))
        : .init(status: 302, headers: ["Location: /\(left - 1)"], body: Data("elsewhere".utf8))
    }
    let following = try client(redirects: 3)
    try await following.send(HTTPRequest(server.url("3"), headers: [("Range", "bytes=7-")])) { response in
      #expect(response.status == 200 && response.header("X-Range") == "7" && response.header("Location") == nil)
      let body = try await response.body(upTo: 100)
      #expect(body == Data("there".utf8))
    }
    #expect(await failure { _ = try await text(server.url("4"), following) } == .malformed)
    let (status, place) = try await client().send(HTTPRequest(server.url("3"))) { ($0.status, $0.header("Location")) }
    #expect(status == 302 && place == "/2")
  }

  @Test func aRedirectLeadsNowhereElseThanToHTTP() async throws {
    let server = try LoopbackServer { _ in .init(status: 302, headers: ["Location: file:///etc/passwd"]) }
    #expect(await failure { _ = try await text(server.url("x"), client(redirects: 3)) } == .malformed)
  }

  @Test func aRedirectTakesNoSecretToAnotherHost() async throws {
    let elsewhere = try LoopbackServer { _ in .init(body: Data("there".utf8)) }
    let server = try LoopbackServer { request in
      request.path == "/here"
        ? .init(body: Data("here".utf8))
        : .init(status: 302, headers: ["Location: \(request.path == "/far" ? elsewhere.url("x") : "/here")"])
    }
    let secret = [(name: "Authorization", value: "Bearer t0ken")]
    for path in ["far", "near"] {
      try await client(redirects: 3).send(HTTPRequest(server.url(path), headers: secret)) { response in
        #expect(response.status == 200)
      }
    }
    #expect(elsewhere.requests.count == 1 && elsewhere.requests[0].headers["authorization"] == nil)
    #expect(server.requests.last?.headers["authorization"] == "Bearer t0ken")
  }

  @Test func aCancelledTaskEndsItsExchange() async throws {
    let silent = try LoopbackServer { _ in nil }
    let waiting = Task { [client = try client()] in try await text(silent.url("x"), client) }
    while silent.requests.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
    waiting.cancel()
    await #expect(throws: CancellationError.self) { try await waiting.value }

    let long = try LoopbackServer { _ in .init(body: Data(count: 64 << 20)) }
    let (started, start) = AsyncStream.makeStream(of: Void.self)
    let reading = Task { [client = try client()] in
      try await client.send(HTTPRequest(long.url("x"))) { response in
        _ = try await response.next()
        start.yield()
        while !Task.isCancelled { await Task.yield() }
        return try await response.next()
      }
    }
    for await _ in started { break }
    reading.cancel()
    await #expect(throws: CancellationError.self) { try await reading.value }
  }

  /// More requests than the machine has cores: were they to block the threads that all tasks share, nothing would go on.
  @Test func waitingBlocksNobody() async throws {
    let server = try LoopbackServer { _ in nil }
    let client = try client()
    let waiting = (0..<40).map { _ in Task { try await text(server.url("x"), client) } }
    while server.requests.count < waiting.count { try await Task.sleep(for: .milliseconds(5)) }
    let other = try LoopbackServer { _ in .init(body: Data("answer".utf8)) }
    #expect(try await text(other.url("x"), client) == "answer")
    for task in waiting { task.cancel() }
    for task in waiting { await #expect(throws: CancellationError.self) { try await task.value } }
  }

  @Test func authoritiesMustBeCertificates() throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent("authorities.pem")
    for content in ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
      try content.write(to: file, atomically: true, encoding: .utf8)
      var configuration = HTTPClient.Configuration()
      configuration.authorities = file
      let error = #expect(throws: HTTPError.self) { try HTTPClient(configuration) }
      #expect(error?.kind == .insecure)
    }
  }
}
