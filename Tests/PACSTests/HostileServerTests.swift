import Foundation
import Support
import TestSupport
import Testing

@testable import PACS

/// Servers that die, never end, flood, or send what nobody asked for.
@Suite(.timeLimit(.minutes(15)))
struct HostileServerTests {
  typealias Response = LoopbackServer.Response

  // MARK: Time

  /// Answers without an end: within one limit in time they are given up, whatever still arrives.
  static let endless: [(String, head: String, drip: String)] = [
    ("matches", "[", " "), ("one long match", #"[{"0020000D":{"Value":[""#, "1"), ("nothing but blanks", "", "\r\n"),
    ("matches that are whole", "[{}", ",{}"), ("an array in arrays", "[[", "["),
  ]

  @Test(arguments: endless.indices) func aQueryMustEnd(index: Int) async throws {
    let server = try LoopbackServer { _ in
      var response = Response.json(Self.endless[index].head)
      response.drip = Data(Self.endless[index].drip.utf8)
      return response
    }
    let error = await #expect(throws: PACSError.self) { try await Self.impatient(server).echo() }
    #expect(error?.kind == .tooSlow)
  }

  @Test(arguments: [
    "", "\r\n--edge\r\nContent-Type: application/dicom\r\n\r\n", "\r\n--edge\r\n", "\r\n--edge", "\r\n--edge--\r\n",
  ]) func aPullMustEnd(head: String) async throws {
    let server = try LoopbackServer { _ in
      var response = Response(headers: ["Content-Type: multipart/related; boundary=edge"], body: Data(head.utf8))
      response.drip = Data("x".utf8)
      return response
    }
    let series = try #require(FoundSeries([.seriesInstanceUID: "1.2"], studyInstanceUID: "1"))
    let error = await #expect(throws: PACSError.self) {
      try await Self.impatient(server).pull(series, only: nil) { _ in }
    }
    #expect(error?.kind == .tooSlow)
  }

  /// Waits for a second in all, but for minutes for each byte.
  static func impatient(_ server: LoopbackServer) throws -> DICOMwebClient {
    var configuration = DICOMwebClient.Configuration(root: try server.root)
    configuration.readTimeout = .seconds(300)
    configuration.queryTimeout = .seconds(1)
    configuration.pullTimeout = .seconds(1)
    configuration.retry = RetryPolicy(attempts: 5)
    return try DICOMwebClient(configuration)
  }

  // MARK: A server that dies, and one bad series

  /// How a PACS dies; the answers that it gives from then on.
  static let deaths: [(String, Response?)] = [
    ("hangs up", Response(raw: Data())), ("cuts its header", Response(raw: Data("HTTP/1.1 200 OK\r\nContent-".utf8))),
    ("is behind a proxy", Response(status: 502)), ("is overloaded", Response(status: 503)),
    ("fails", Response(status: 500)),
  ]

  static func files(series count: Int) throws -> [Data] {
    try (1...count).flatMap { try Samples.series(series: "1.2.3.1.\($0)", count: 2) }
  }

  @Test(arguments: deaths.indices) func aDeadServerIsAskedNoMore(index: Int) async throws {
    let isDead = Locked(false)
    let pacs = try SmallPACS(try Self.files(series: 9)) { question, request in
      if case .pull = question, request.path.hasSuffix(".3") { isDead.withLock { $0 = true } }
      return isDead.withLock { $0 } ? .some(Self.deaths[index].1) : nil
    }
    let sink = Samples.MemorySink()
    let summary = try await pacs.pull(["PAT-1"], into: sink, attempts: 2)
    #expect(summary.stopped?.kind == .gone && summary.failures.isEmpty && summary.completeSeries == 2)
    #expect(summary.stopped?.description.contains("repeat the command") == true)
    let after = pacs.server.requests.drop { !$0.path.hasSuffix("/series/1.2.3.1.3") }
    #expect(after.count <= 5, "\(after.map(\.path))")
    #expect(sink.instances.count == 4)
  }

  @Test func aServerThatIsGoneIsAskedNoMore() async throws {
    let server = Locked<LoopbackServer?>(nil)
    let pacs = try SmallPACS(try Self.files(series: 9)) { question, request in
      guard case .pull = question, request.path.hasSuffix(".3") else { return nil }
      server.withLock { $0?.stop() }
      return .some(Response(raw: Data()))
    }
    server.withLock { $0 = pacs.server }
    let summary = try await pacs.pull(["PAT-1"], into: Samples.MemorySink(), attempts: 2)
    #expect(summary.stopped?.kind == .gone && summary.failures.isEmpty && summary.completeSeries == 2)
    server.withLock { $0 = nil }
    // So is one that dies while the list is looked up, or was never there.
    let patients = (1...50).map { "PAT-\($0)" }
    let never = try await pacs.pull(patients, into: Samples.MemorySink(), attempts: 2, parallelism: 4)
    #expect(never.stopped?.kind == .gone && never.failures.count <= 4)
  }

  @Test(arguments: deaths.indices) func oneBadSeriesCostsNoOther(index: Int) async throws {
    let pacs = try SmallPACS(try Self.files(series: 5)) { question, request in
      guard case .pull = question, request.path.contains("/series/1.2.3.1.3") else { return nil }
      return .some(Self.deaths[index].1)
    }
    let sink = Samples.MemorySink()
    let summary = try await pacs.pull(["PAT-1"], into: sink, attempts: 2)
    #expect(summary.stopped == nil && summary.completeSeries == 4 && sink.instances.count == 8)
    #expect(summary.failures.map(\.place) == ["list:2, study 1, series 3"])
  }

  // MARK: What nobody asked for

  /// Of another series, of another study, of another patient, of none; no DICOM, and nothing at all.
  static func strangers() throws -> [Data] {
    let slices = [
      Samples.slice(series: "1.2.3.1.2", number: 1), Samples.slice(study: "1.2.3.2", number: 1),
      Samples.slice(patient: "PAT-2", number: 9), Samples.slice(patient: "", number: 9),
    ]
    return try slices.map { try $0.encoded() } + [Data("%PDF-1.7".utf8), Data()]
  }

  @Test(arguments: 0..<6) func aStrangerIsNotKept(index: Int) async throws {
    let stranger = try Self.strangers()[index]
    let files = try Samples.series(count: 2)
    let pacs = try SmallPACS(files) { question, _ in
      if case .pull(let files) = question { .multipart([stranger] + files) } else { nil }
    }
    let sink = Samples.MemorySink()
    let summary = try await pacs.pull(["PAT-1"], into: sink)
    #expect(try Samples.digests(sink.instances) == Samples.digests(files))
    #expect(summary.failures.count == 1 && !summary.isComplete)
    #expect(!"\(summary)\(summary.failures)".contains("PAT-"))
  }

  @Test func aFloodIsStopped() async throws {
    let files = try Samples.series(count: 1)
    let part = Data("\r\n--edge\r\n\r\n".utf8) + files[0]
    let pacs = try SmallPACS(files) { question, _ in
      guard case .pull = question else { return nil }
      var response = Response(headers: ["Content-Type: multipart/related; boundary=edge"], body: part)
      response.drip = Data((0..<200).flatMap { _ in Data("\r\n--edge\r\n\r\n".utf8) })
      return response
    }
    let sink = Samples.MemorySink()
    let summary = try await pacs.pull(["PAT-1"], into: sink)
    #expect(sink.instances.count == 1)
    #expect(summary.failures.last?.reason.contains("far more instances") == true)
  }

  /// A disk that does nothing until it is told to.
  struct WaitingSink: InstanceSink {
    let waiting = Locked(0)
    let gate = DispatchSemaphore(value: 0)

    func store(_ instance: ReceivedInstance) throws { wait() }
    func synchronize() throws { wait() }

    private func wait() {
      waiting.withLock { $0 += 1 }
      gate.wait()
    }
  }

  /// More series at once than the machine has cores wait for a disk that goes on only when a task tells it to: were they to
  /// wait on the threads that all tasks share, nothing would go on.
  @Test func waitingForTheDiskBlocksNobody() async throws {
    let pacs = try SmallPACS(try Self.files(series: 24))
    let sink = WaitingSink()
    let task = Task.detached { try await pacs.pull(["PAT-1"], into: sink, parallelism: 24) }
    // Each of 48 instances is stored, and the sink synchronised after each series, perhaps of several at once.
    while sink.waiting.withLock({ $0 }) < 12 { try await Task.sleep(for: .milliseconds(2)) }
    for _ in 0..<200 { sink.gate.signal() }
    #expect(try await task.value.completeSeries == 24)
  }

  // MARK: Compression

  static func gzip(_ data: Data) throws -> Data {
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent("file")
    try data.write(to: file)
    try Subprocess(URL(fileURLWithPath: "/usr/bin/env"), ["gzip", file.path]).run()
    return try Data(contentsOf: file.appendingPathExtension("gz"))
  }

  static func compressed(_ response: Response, as name: String = "gzip") throws -> Response {
    var response = response
    response.body = try gzip(response.body)
    response.headers.append("Content-Encoding: \(name)")
    return response
  }

  @Test(arguments: ["gzip", "GZIP", "x-gzip", "identity, gzip"]) func compressedAnswersAreRead(name: String)
    async throws
  {
    let files = try DICOMwebAnswerTests.files()
    let study = try Self.compressed(
      .json("[\(SmallPACS.match(["0020000D": "1.2.3.1", "00100020": "WEB-1"]))]"), as: name)
    let whole = try Self.compressed(.multipart(Array(files.prefix(3))), as: name)
    let pacs = try SmallPACS(files) { question, request in
      switch question {
      case .studies where request.query("offset") == "0": .some(study)
      case .pull: .some(whole)
      default: .none
      }
    }
    let sink = Samples.MemorySink()
    let summary = try await pacs.pull(["WEB-1"], into: sink)
    #expect(summary.isComplete && sink.instances.count == 3, "\(summary.failures)")
    #expect(pacs.server.requests.allSatisfy { $0.headers["accept-encoding"] == nil })
  }

  @Test func whatUnpacksToTooMuchOrNotAtAllIsRefused() async throws {
    let bomb = try Self.compressed(
      Response(headers: ["Content-Type: multipart/related; boundary=edge"], body: Data(count: 300 << 20)))
    var cut = try Self.compressed(.json("[\((1...500).map { "{\"\($0)\":{}}" }.joined(separator: ","))]"))
    cut.body = cut.body.prefix(cut.body.count / 2)
    var noise = Response.json("[]")
    noise.headers.append("Content-Encoding: gzip")
    var unknown = Response.json("[]")
    unknown.headers.append("Content-Encoding: compress")
    for (response, kind) in [
      (bomb, PACSError.Kind.malformed), (cut, .malformed), (noise, .malformed), (unknown, .malformed),
    ] {
      let server = try LoopbackServer { _ in response }
      let series = try #require(FoundSeries([.seriesInstanceUID: "1.2"], studyInstanceUID: "1"))
      let client = try HTTPFaultTests.client(server)
      let isBomb = response.body.count > 100_000
      let error = await #expect(throws: PACSError.self) {
        if isBomb { try await client.pull(series, only: nil) { _ in } } else { try await client.echo() }
      }
      #expect(error?.kind == kind && (!isBomb || error?.description.contains("200 times its size") == true))
    }
  }

  @Test func headersWithoutEndAreRefused() async throws {
    var flood = Data("HTTP/1.1 200 OK\r\n".utf8)
    let line = Data("X-Header: \(String(repeating: "x", count: 1000))\r\n".utf8)
    for _ in 0..<2000 { flood += line }
    let server = try LoopbackServer { [flood] _ in .init(raw: flood) }
    let error = await #expect(throws: PACSError.self) { try await HTTPFaultTests.client(server).echo() }
    #expect(error?.kind == .malformed)
  }

  // MARK: Secrets

  @Test func secretsAreNotSentInTheOpen() async throws {
    func refusal(_ root: String, _ credentials: Credentials?, isAllowed: Bool = false) -> PACSError.Kind? {
      do throws(PACSError) {
        var configuration = DICOMwebClient.Configuration(root: URL(string: root)!, credentials: credentials)
        configuration.allowsCredentialsOverHTTP = isAllowed
        _ = try DICOMwebClient(configuration)
        return nil
      } catch {
        #expect(!"\(error)".contains("t0ken"))
        return error.kind
      }
    }
    for secret in [Credentials.bearer("t0ken"), .basic(user: "a", password: "t0ken")] {
      for host in [
        "pacs.example.org", "10.0.0.1", "127.0.0.1.example.org", "localhost.example.org", "[2001:db8::1]", "128.0.0.1",
        "0.0.0.0", "PACS", "127.1.example",
      ] {
        #expect(refusal("http://\(host):8042/dicom-web", secret) == .insecure, "\(host)")
        #expect(refusal("HTTP://\(host)/dicom-web", secret) == .insecure, "\(host)")
        #expect(refusal("http://\(host)/dicom-web", secret, isAllowed: true) == nil, "\(host)")
        #expect(refusal("https://\(host)/dicom-web", secret) == nil, "\(host)")
        #expect(refusal("http://\(host)/dicom-web", nil) == nil, "\(host)")
      }
      for host in ["127.0.0.1", "localhost", "LOCALHOST", "127.8.9.10", "[::1]"] {
        #expect(refusal("http://\(host):8042/dicom-web", secret) == nil, "\(host)")
      }
    }
  }

  @Test(arguments: [301, 302, 303, 307, 308]) func aRedirectTakesNoSecretElsewhere(status: Int) async throws {
    let elsewhere = try LoopbackServer { _ in .json("[]") }
    let server = try LoopbackServer { _ in .init(status: status, headers: ["Location: \(elsewhere.url("dicom-web"))"]) }
    let client = try DICOMwebClient(.init(root: server.root, credentials: .bearer("t0ken")))
    let error = await #expect(throws: PACSError.self) { try await client.echo() }
    #expect(error?.kind == .invalidRequest && elsewhere.requests.isEmpty)
  }
}
