import Foundation
import TestSupport
import Testing

@testable import PACS

@Suite(.timeLimit(.minutes(15)))
struct DIMSEFaultTests {
  static func client(port: Int, title: String = "PACS") throws -> DIMSEClient {
    var configuration = DIMSEClient.Configuration(
      host: "127.0.0.1", port: UInt16(port), calledTitle: title, callingTitle: "RENALGRADE")
    configuration.connectTimeout = .seconds(2)
    configuration.answerTimeout = .seconds(2)
    configuration.retry = RetryPolicy(attempts: 1)
    return try DIMSEClient(configuration)
  }

  @Test func nobodyThere() async throws {
    let (descriptor, port) = try Loopback.bound()
    defer { close(descriptor) }
    let error = await #expect(throws: PACSError.self) { try await Self.client(port: port).echo() }
    #expect(error?.kind == .unreachable && error?.isTransient == true)
  }

  @Test func aSilentServerTimesOut() async throws {
    let server = try LoopbackServer { _ in nil }
    let error = await #expect(throws: PACSError.self) { try await Self.client(port: server.port).echo() }
    #expect(error?.kind == .timeout)
  }

  @Test func aCancelledCallEnds() async throws {
    let server = try LoopbackServer { _ in nil }
    let client = try Self.client(port: server.port)
    let task = Task { try await client.echo() }
    try await Task.sleep(for: .milliseconds(100))
    task.cancel()
    await #expect(throws: (any Error).self) { try await task.value }
  }

  @Test(arguments: ["", "  ", "A TITLE THAT IS TOO LONG", "A\\B", "A*"]) func titlesThatAreNone(title: String) {
    let error = #expect(throws: PACSError.self) { try Self.client(port: 1, title: title) }
    #expect(error?.kind == .invalidRequest)
  }

  @Test func certificatesThatAreNone() async throws {
    var configuration = DIMSEClient.Configuration(
      host: "127.0.0.1", port: 1, calledTitle: "PACS", callingTitle: "US",
      tls: .init(authorities: URL(fileURLWithPath: "/nowhere.pem")))
    configuration.retry = RetryPolicy(attempts: 1)
    let client = try DIMSEClient(configuration)
    let error = await #expect(throws: PACSError.self) { try await client.echo() }
    #expect(error?.kind == .insecure)
  }
}
