import Foundation
import TestSupport
import Testing

@testable import PACS

@Suite(.timeLimit(.minutes(15)))
struct HTTPFaultTests {
  static func client(_ server: LoopbackServer, attempts: Int = 1, pauses: RetryPolicyTests.Pauses? = nil) throws
    -> DICOMwebClient
  {
    try client(server.root, attempts: attempts, pauses: pauses)
  }

  static func client(_ root: URL, attempts: Int = 1, pauses: RetryPolicyTests.Pauses? = nil) throws -> DICOMwebClient {
    var configuration = DICOMwebClient.Configuration(root: root)
    configuration.retry = (pauses ?? .init()).policy(attempts: attempts)
    // Limits that only a hang can reach: other tests may keep all cores busy for a minute.
    configuration.connectTimeout = .seconds(300)
    configuration.readTimeout = .seconds(300)
    return try DICOMwebClient(configuration)
  }

  static let study = #"[{"0020000D":{"vr":"UI","Value":["1.2.3.1"]},"00100020":{"vr":"LO","Value":["PAT-1"]}}]"#
  static let series =
    #"[{"0020000E":{"vr":"UI","Value":["1.2.3.1.1"]},"00080060":{"vr":"CS","Value":["CT"]},"00201209":{"vr":"IS","Value":[3]}}]"#

  /// A PACS that has one series of three slices; `pull` answers WADO-RS.
  static func pacs(_ pull: @escaping @Sendable (LoopbackServer.Request) -> LoopbackServer.Response?) throws
    -> LoopbackServer
  {
    try LoopbackServer { request in
      guard request.query("offset") == "0" else {
        return request.query("offset") == nil ? pull(request) : .json("[]")
      }
      if request.path.hasSuffix("/instances") {
        let items = (1...3).map { #"{"00080018":{"vr":"UI","Value":["1.2.3.1.1.\#($0)"]}}"# }
        return .json("[\(items.joined(separator: ","))]")
      }
      return .json(request.path.hasSuffix("/series") ? series : study)
    }
  }

  @Test(arguments: [401, 403]) func beingKeptOutIsNotRepeated(status: Int) async throws {
    let server = try LoopbackServer { _ in .init(status: status) }
    let error = await #expect(throws: PACSError.self) { try await Self.client(server, attempts: 5).echo() }
    #expect(error?.kind == .refused && error?.description.contains("\(status)") == true)
    #expect(server.requests.count == 1)
  }

  @Test func aBusyServerIsAskedAgainWhenItSays() async throws {
    let server = try LoopbackServer { request in
      switch request.number {
      case 0: .init(status: 429, headers: ["Retry-After: 7"])
      case 1: .init(status: 500)
      case 2: .init(status: 503)
      default: .json("[]")
      }
    }
    let pauses = RetryPolicyTests.Pauses()
    let nobody = StudyQuery(patientID: "NOBODY")
    #expect(try await Self.client(server, attempts: 5, pauses: pauses).studies(nobody).found.isEmpty)
    #expect(server.requests.count == 4 && pauses.all.count == 3 && pauses.all.first == .seconds(7))
    let broken = try LoopbackServer { _ in .init(status: 500) }
    let error = await #expect(throws: PACSError.self) {
      try await Self.client(broken, attempts: 3).studies(nobody)
    }
    #expect(error?.kind == .server && broken.requests.count == 3)
  }

  @Test func retryAfterMayBeADate() {
    let now = Date(timeIntervalSince1970: 1_700_000_000)
    #expect(HTTPFailure.retryAfter("Tue, 14 Nov 2023 22:14:00 GMT", now: now) == .seconds(40))
    #expect(HTTPFailure.retryAfter("12") == .seconds(12))
    #expect(HTTPFailure.retryAfter("soon") == nil && HTTPFailure.retryAfter(nil) == nil)
  }

  @Test func aSilentServerTimesOut() async throws {
    let server = try LoopbackServer { _ in nil }
    var configuration = DICOMwebClient.Configuration(root: try server.root)
    configuration.readTimeout = .milliseconds(300)
    configuration.retry = RetryPolicy(attempts: 1)
    let client = try DICOMwebClient(configuration)
    let error = await #expect(throws: PACSError.self) { try await client.echo() }
    #expect(error?.kind == .timeout)
  }

  @Test func nobodyThere() async throws {
    let (descriptor, port) = try Loopback.bound()
    defer { close(descriptor) }
    let root = try #require(URL(string: "http://127.0.0.1:\(port)/dicom-web"))
    let error = await #expect(throws: PACSError.self) { try await Self.client(root).echo() }
    #expect(error?.kind == .unreachable)
  }

  @Test func whatIsNoDICOMwebIsSaidSo() async throws {
    let page = try LoopbackServer { _ in .init(headers: ["Content-Type: text/html"], body: Data("<html>".utf8)) }
    let error = await #expect(throws: PACSError.self) { try await Self.client(page).echo() }
    #expect(error?.kind == .malformed && error?.description.contains("root of a DICOMweb service") == true)
    let elsewhere = try LoopbackServer { _ in .init(status: 302, headers: ["Location: http://127.0.0.1:1/"]) }
    let redirected = await #expect(throws: PACSError.self) { try await Self.client(elsewhere).echo() }
    #expect(redirected?.kind == .invalidRequest)
  }

  @Test(arguments: ["ftp://host/", "https://user:pw@host/dicom-web", "https://host/dicom-web?x=1", "nonsense"])
  func urlsThatAreNone(url: String) {
    let error = #expect(throws: PACSError.self) { try DICOMwebClient(.init(root: URL(string: url)!)) }
    #expect(error?.kind == .invalidRequest)
  }

  @Test func pagesAreReadToTheEndThoughTheServerCapsThem() async throws {
    let server = try LoopbackServer { request in
      let start = Int(request.query("offset") ?? "") ?? 0
      let items = (start..<min(start + 2, 7)).map { #"{"00080018":{"vr":"UI","Value":["1.2.\#($0)"]}}"# }
      return .json("[\(items.joined(separator: ","))]")
    }
    let series = try #require(FoundSeries([.seriesInstanceUID: "1.2"], studyInstanceUID: "1"))
    #expect(try await Self.client(server).instances(of: series).found.count == 7)
    // One that knows no offset gives the same page for ever.
    let deaf = try LoopbackServer { _ in .json(#"[{"00080018":{"vr":"UI","Value":["1.2.3"]}}]"#) }
    #expect(try await Self.client(deaf).instances(of: series).found == ["1.2.3"])
  }

  @Test func whatWasNotAskedForIsLeftOut() async throws {
    let server = try LoopbackServer { request in .json(request.query("offset") == "0" ? Self.study : "[]") }
    #expect(try await Self.client(server).studies(StudyQuery(patientID: "PAT-2")).unasked == 1)
    #expect(try await Self.client(server).studies(StudyQuery(patientID: "PAT-1")).found.count == 1)
    let sent = server.requests.first { $0.target.contains("PAT-2") }
    #expect(sent?.query("00100020") == "PAT-2" && sent?.headers["accept"] == "application/dicom+json")
  }

  @Test func credentialsAreSentAndNeverShown() async throws {
    let server = try LoopbackServer { _ in .json("[]") }
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent("token")
    try "t0ken\n".write(to: file, atomically: true, encoding: .utf8)
    let token = try #require(try Credentials.read(variable: nil, file: file))
    try await DICOMwebClient(.init(root: server.root, credentials: token)).echo()
    try await DICOMwebClient(.init(root: server.root, credentials: .basic(user: "a", password: "b"))).echo()
    #expect(server.requests.map { $0.headers["authorization"] } == ["Bearer t0ken", "Basic YTpi"])
    let request = try #require(server.requests.last)
    #expect(!request.target.contains("t0ken"))
    var dumped = ""
    dump(DICOMwebClient.Configuration(root: try server.root, credentials: token), to: &dumped)
    #expect(!dumped.contains("t0ken") && !"\(token)\(String(reflecting: token))".contains("t0ken"))
    #expect(throws: PACSError.self) { try Credentials.read(variable: "RENALGRADE_NO_SUCH", file: nil) }
    try "a:b:c\n".write(to: file, atomically: true, encoding: .utf8)
    #expect(
      try Credentials.read(variable: nil, file: file)?.header == Credentials.basic(user: "a", password: "b:c").header)
    try "Bearer a:b\n".write(to: file, atomically: true, encoding: .utf8)
    #expect(try Credentials.read(variable: nil, file: file)?.header == "Bearer a:b")
    try " \n".write(to: file, atomically: true, encoding: .utf8)
    #expect(throws: PACSError.self) { try Credentials.read(variable: nil, file: file) }
  }

  @Test func aCutAnswerGoesOnWithWhatIsMissing() async throws {
    let files = try Samples.series(count: 3)
    let server = try Self.pacs { request in
      guard let number = request.path.split(separator: "/instances/1.2.3.1.1.").dropFirst().first.flatMap({ Int($0) })
      else {
        return .multipart(files, cutAfter: files[0].count * 2)
      }
      return .multipart([files[number - 1]])
    }
    let folder = try TemporaryFolder()
    let journal = try RetrievalJournal(folder.url.appendingPathComponent("journal"), hash: Samples.hash)
    let sink = Samples.MemorySink()
    let summary = try await Retrieval(from: try Self.client(server, attempts: 2), into: sink, journal: journal)
      .run([RetrievalRequest(.patient, "PAT-1", source: "test")])
    #expect(summary.isComplete && summary.repeatedInstances == 0)
    #expect(try Samples.digests(sink.instances) == Samples.digests(files))
    let pulls = server.requests.map(\.path).filter { $0.contains("/instances/") || $0.hasSuffix("/1.2.3.1.1") }
    #expect(pulls.map { $0.split(separator: "/").last } == ["1.2.3.1.1", "1.2.3.1.1.2", "1.2.3.1.1.3"])
  }

  @Test func aDamagedInstanceIsSetAside() async throws {
    let files = try Samples.series(count: 3)
    let server = try Self.pacs { _ in .multipart([files[0], files[1].dropLast(700), files[2]]) }
    let folder = try TemporaryFolder()
    let journal = try RetrievalJournal(folder.url.appendingPathComponent("journal"), hash: Samples.hash)
    let sink = Samples.MemorySink()
    let request = RetrievalRequest(.patient, "PAT-1", source: "test")
    let summary = try await Retrieval(from: try Self.client(server), into: sink, journal: journal).run([request])
    #expect(sink.instances.map(\.sopInstanceUID) == ["1.2.3.1.1.1", "1.2.3.1.1.3"])
    #expect(summary.completeSeries == 0 && summary.failures.count == 1)
    #expect(summary.failures.first?.description.hasPrefix("test, study 1, series 1: an instance is unusable") == true)
  }
}
