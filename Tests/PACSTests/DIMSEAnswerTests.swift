import Foundation
import Support
import TestSupport
import Testing

@testable import PACS

/// DIMSE servers that answer too much, too slowly, half, or with what nobody asked for.
@Suite(.timeLimit(.minutes(15)))
struct DIMSEAnswerTests {
  typealias Peer = ScriptedSCP.Peer

  /// A client that waits for minutes for each message.
  static func client(
    _ server: ScriptedSCP, _ change: (inout DIMSEClient.Configuration) -> Void = { _ in }
  ) throws -> DIMSEClient {
    var configuration = DIMSEClient.Configuration(
      host: "127.0.0.1", port: UInt16(server.port), calledTitle: "PACS", callingTitle: "RENALGRADE")
    configuration.connectTimeout = .seconds(300)
    configuration.answerTimeout = .seconds(300)
    configuration.retry = RetryPolicy(attempts: 1)
    change(&configuration)
    return try DIMSEClient(configuration)
  }

  static func series(_ uid: String, modality: String = "CT") -> [UInt8] {
    Peer.dataSet([(0x0008, 0x0060, "CS", modality), (0x0020, 0x000E, "UI", uid)])
  }

  // MARK: C-FIND

  @Test func everyMatchIsReadOrCounted() async throws {
    let server = try ScriptedSCP { peer, request in
      peer.respond(request, 0xFF00, dataSet: Self.series("1.2.1"))
      peer.respond(request, 0xFF01, dataSet: Self.series("1.2.2 ", modality: "ct"))
      // Announces a match and sends none; one without its UID, with another's, cut off, no data set, and twice the same.
      peer.respond(request, 0xFF00)
      peer.respond(request, 0xFF00, dataSet: Peer.dataSet([(0x0008, 0x0060, "CS", "CT")]))
      peer.respond(request, 0xFF00, dataSet: Self.series("x"))
      peer.respond(request, 0xFF00, dataSet: Array(Self.series("1.2.3").dropLast(3)))
      peer.respond(request, 0xFF00, dataSet: Array("%PDF-1.7 nothing".utf8))
      peer.respond(request, 0xFF00, dataSet: Self.series("1.2.1"))
      peer.respond(request, 0)
    }
    let matches = try await Self.client(server).series(ofStudy: "1.2.3")
    #expect(matches.found.map(\.seriesInstanceUID) == ["1.2.1", "1.2.2"] && matches.unusable == 5)
    #expect(matches.found.map(\.modality) == ["CT", "CT"])
  }

  @Test(arguments: [
    (0xB000, PACSError.Kind.malformed), (0x0107, .malformed), (0xA700, .server), (0xC001, .server), (0xFE00, .server),
    (0x0122, .unsupported), (0x0211, .unsupported), (0x0124, .refused), (0xA900, .malformed), (0x0110, .server),
  ]) func everyStatusIsNoSuccess(status: Int, kind: PACSError.Kind) async throws {
    let server = try ScriptedSCP { peer, request in
      peer.respond(request, 0xFF00, dataSet: Self.series("1.2.1"))
      peer.respond(request, status)
    }
    let error = await #expect(throws: PACSError.self) { try await Self.client(server).series(ofStudy: "1.2.3") }
    #expect(error?.kind == kind)
    #expect(error?.description.contains(String(status, radix: 16, uppercase: true)) == true || status < 0x1000)
  }

  @Test func matchesWithoutEndAreNoAnswer() async throws {
    let server = try ScriptedSCP { peer, request in
      var number = 0
      repeat { number += 1 } while peer.respond(request, 0xFF00, dataSet: Self.series("1.2.\(number)"))
    }
    let tooMany = await #expect(throws: PACSError.self) {
      try await Self.client(server) { $0.matchLimit = 100 }.series(ofStudy: "1.2.3")
    }
    #expect(tooMany?.kind == .malformed && tooMany?.description.contains("more than 100 matches") == true)
    let tooSlow = await #expect(throws: PACSError.self) {
      try await Self.client(server) { configuration in
        configuration.matchLimit = .max
        configuration.queryTimeout = .seconds(1)
      }.series(ofStudy: "1.2.3")
    }
    #expect(tooSlow?.kind == .tooSlow)
  }

  /// Each is sent until the client hangs up: pieces of a command, of an identifier, bytes of a PDU, of none.
  static let floods: [[UInt8]] = [
    Peer.pdu(1, 1, [UInt8](repeating: 0, count: 16000)), Peer.pdu(1, 1, [0, 0]), Peer.pdu(3, 2, [0, 0]), [4],
    [UInt8](repeating: 0, count: 4096), Peer.pdu(1, 3, []),
  ]

  @Test(arguments: floods.indices) func aFloodEnds(index: Int) async throws {
    let server = try ScriptedSCP { peer, _ in while peer.raw(Self.floods[index]) {} }
    await #expect(throws: PACSError.self) { try await Self.client(server).series(ofStudy: "1.2.3") }
  }

  @Test func anIdentifierWithoutEndIsRefused() async throws {
    let server = try ScriptedSCP { peer, request in
      peer.respond(request, 0xFF00, announces: true)
      while peer.raw(Peer.pdu(request.context, 0, [UInt8](repeating: 0, count: 100_000))) {}
    }
    let error = await #expect(throws: PACSError.self) { try await Self.client(server).series(ofStudy: "1.2.3") }
    #expect(error?.description.contains("more than 16777216 bytes") == true)
  }

  // MARK: Time

  @Test(arguments: [ScriptedSCP.find, ScriptedSCP.get]) func whatTricklesIsGivenUp(field: Int) async throws {
    let server = try ScriptedSCP { peer, request in
      guard request.field == field else { return }
      if field == ScriptedSCP.get {
        peer.message(31, 1, [0x0110: 7, 0x0700: 0], [0x0002: "1.2", 0x1000: "1.2"], announces: true)
      }
      let context = field == ScriptedSCP.get ? UInt8(31) : request.context
      while peer.raw(Peer.pdu(context, field == ScriptedSCP.get ? 0 : 1, [0, 0])) { usleep(20_000) }
    }
    let client = try Self.client(server) { configuration in
      configuration.queryTimeout = .seconds(1)
      configuration.pullTimeout = .seconds(1)
    }
    let found = try #require(FoundSeries([.seriesInstanceUID: "1.2.3.1.1"], studyInstanceUID: "1.2.3.1"))
    let error = await #expect(throws: PACSError.self) {
      if field == ScriptedSCP.find {
        _ = try await client.series(ofStudy: "1.2.3")
      } else {
        try await client.pull(found, only: nil) { _ in }
      }
    }
    #expect(error?.kind == .tooSlow)
  }

  /// Where a peer falls silent: nothing of its limits, five minutes each, is waited for.
  enum Silence: CaseIterable {
    case beforeConnecting, beforeAssociating, find, get, move, amidAnInstance
  }

  @Test(arguments: Silence.allCases) func cancellingIsPrompt(at silence: Silence) async throws {
    let (reached, reach) = AsyncStream.makeStream(of: Void.self)
    let server = try ScriptedSCP(
      accepts: {
        if silence == .beforeAssociating { reach.yield() }
        return silence != .beforeAssociating
      },
      { peer, request in
        if silence == .move, request.field == ScriptedSCP.get { return _ = peer.respond(request, 0x0122) }
        if silence == .amidAnInstance {
          peer.message(31, 1, [0x0110: 7, 0x0700: 0], [0x0002: "1.2", 0x1000: "1.2"], announces: true)
          peer.raw(Peer.pdu(31, 0, [0, 0]))
        }
        reach.yield()
      })
    let full = try FullListener()
    let listening = UInt16(try Loopback.freePort())
    let client = try Self.client(server) { configuration in
      configuration.listeningPort = listening
      if silence == .beforeConnecting { configuration.port = UInt16(full.port) }
    }
    let found = try #require(FoundSeries([.seriesInstanceUID: "1.2.3.1.1"], studyInstanceUID: "1.2.3.1"))
    let task = Task {
      switch silence {
      case .beforeConnecting: _ = reach.yield()
      default: break
      }
      switch silence {
      case .beforeConnecting, .beforeAssociating: try await client.echo()
      case .find: _ = try await client.series(ofStudy: "1.2.3")
      case .get, .move, .amidAnInstance: try await client.pull(found, only: nil) { _ in }
      }
    }
    for await _ in reached { break }
    let clock = ContinuousClock()
    let start = clock.now
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(clock.now - start < .seconds(200), "it waited for the peer")
  }

  /// A port that takes no more connections: who connects waits.
  final class FullListener {
    let port: Int
    private var sockets: [Int32] = []

    init() throws {
      let (listener, port) = try Loopback.bound()
      self.port = port
      sockets.append(listener)
      guard listen(listener, 0) == 0 else { throw POSIXError(.EADDRNOTAVAIL) }
      for _ in 0..<8 { sockets.append(Loopback.connecting(to: port)) }
    }

    deinit { for descriptor in sockets { close(descriptor) } }
  }

  /// More calls than the machine has cores: were they to block the threads that all tasks share, nothing would go on.
  @Test func waitingBlocksNobody() async throws {
    let asked = Locked(0)
    let silent = try ScriptedSCP { _, _ in asked.withLock { $0 += 1 } }
    let client = try Self.client(silent)
    let waiting = (0..<24).map { _ in Task { try await client.series(ofStudy: "1.2.3") } }
    while asked.withLock({ $0 }) < waiting.count { try await Task.sleep(for: .milliseconds(5)) }
    let other = try ScriptedSCP { peer, request in peer.respond(request, 0) }
    #expect(try await Self.client(other).series(ofStudy: "1.2.3").found.isEmpty)
    for task in waiting { task.cancel() }
    for task in waiting { await #expect(throws: CancellationError.self) { try await task.value } }
  }

  // MARK: C-GET

  /// Pulls the one series of a PACS that has two slices, and sends what `deliver` sends.
  static func pull(
    _ deliver: @escaping @Sendable (Peer, _ slices: [(uid: String, dataSet: [UInt8])]) -> Void
  ) async throws -> (stored: [String], summary: RetrievalSummary) {
    let slices = try Samples.series(count: 2).map { file in
      let instance = try ReceivedInstance(parsing: file)
      return (instance.sopInstanceUID, try Self.dataSet(of: file))
    }
    let server = try ScriptedSCP { peer, request in
      let identifier = request.identifier
      if request.field == ScriptedSCP.get {
        deliver(peer, slices)
        peer.respond(request, 0)
      } else if request.field == ScriptedSCP.find {
        let matches =
          if identifier.contains("STUDY") {
            [Peer.dataSet([(0x0010, 0x0020, "LO", "PAT-1"), (0x0020, 0x000D, "UI", "1.2.3.1")])]
          } else if identifier.contains("SERIES") {
            [Self.series("1.2.3.1.1")]
          } else {
            slices.map { Peer.dataSet([(0x0008, 0x0018, "UI", $0.0)]) }
          }
        for match in matches { peer.respond(request, 0xFF00, dataSet: match) }
        peer.respond(request, 0)
      }
    }
    let folder = try TemporaryFolder()
    let sink = Samples.MemorySink()
    let journal = try RetrievalJournal(folder.url.appendingPathComponent("journal"), hash: Samples.hash)
    let summary = try await Retrieval(from: try Self.client(server), into: sink, journal: journal)
      .run([RetrievalRequest(.patient, "PAT-1", source: "list:2")])
    return (sink.instances.map(\.sopInstanceUID), summary)
  }

  /// A file without its preamble and file meta information.
  static func dataSet(of file: Data) throws -> [UInt8] {
    let length = Int(file[140]) | Int(file[141]) << 8
    return Array(file.dropFirst(144 + length))
  }

  @Test func allIsWellWhereThePACSIs() async throws {
    let (stored, summary) = try await Self.pull { peer, slices in
      for slice in slices { peer.store(slice.uid, slice.dataSet) }
    }
    #expect(stored == ["1.2.3.1.1.1", "1.2.3.1.1.2"] && summary.isComplete, "\(summary.failures)")
  }

  /// What comes besides the two slices: it is set aside and said, and costs neither of them.
  static let intruders: [(reason: String, send: @Sendable (Peer, (uid: String, dataSet: [UInt8])) -> Void)] = [
    (
      "a study or series that was not requested",
      { peer, _ in
        let stranger = try? DIMSEAnswerTests.dataSet(of: Samples.slice(series: "1.2.3.1.2", number: 1).encoded())
        peer.store("1.2.3.1.2.1", stranger)
      }
    ),
    (
      "a study or series that was not requested",
      { peer, _ in
        let stranger = try? DIMSEAnswerTests.dataSet(of: Samples.slice(study: "1.2.3.2", number: 9).encoded())
        peer.store("1.2.3.1.1.9", stranger)
      }
    ),
    (
      "a different patient",
      { peer, _ in
        let stranger = try? DIMSEAnswerTests.dataSet(of: Samples.slice(patient: "PAT-2", number: 9).encoded())
        peer.store("1.2.3.1.1.9", stranger)
      }
    ),
    ("not a complete DICOM instance", { peer, slice in peer.store(slice.uid, Array(slice.dataSet.dropLast(100))) }),
    ("not a complete DICOM instance", { peer, slice in peer.store(slice.uid, Array(slice.dataSet.prefix(300))) }),
    (
      "pixel data are missing",
      { peer, slice in
        // Exactly as far as the element before the pixel data.
        let pixels = slice.dataSet.count - (8 + 4 + 32 * 32 * 2)
        peer.store(slice.uid, Array(slice.dataSet.prefix(pixels)))
      }
    ),
    ("a different SOPInstanceUID", { peer, slice in peer.store("1.2.9", slice.dataSet) }),
    (
      "a different SOPClassUID",
      { peer, slice in peer.store(slice.uid, slice.dataSet, sopClass: "1.2.840.10008.5.1.4.1.1.2.1") }
    ),
    (
      "presentation context of a different SOP class",
      { peer, slice in peer.store(slice.uid, slice.dataSet, under: "1.2.840.10008.5.1.4.1.1.7") }
    ),
  ]

  @Test func aStoreWithoutAnInstanceIsSaid() async throws {
    let (_, summary) = try await Self.pull { peer, slices in
      peer.store(slices[0].uid, nil)
      for slice in slices { peer.store(slice.uid, slice.dataSet) }
    }
    #expect(!summary.isComplete && summary.failures.map(\.place) == ["list:2, study 1, series 1"])
  }

  @Test(arguments: intruders.indices) func whatIsNotAskedForOrDamagedIsSetAside(index: Int) async throws {
    let (stored, summary) = try await Self.pull { peer, slices in
      Self.intruders[index].send(peer, slices[0])
      for slice in slices { peer.store(slice.uid, slice.dataSet) }
    }
    #expect(stored == ["1.2.3.1.1.1", "1.2.3.1.1.2"])
    #expect(
      summary.failures.count == 1 && summary.failures[0].reason.contains(Self.intruders[index].reason),
      "\(summary.failures), stopped: \(String(describing: summary.stopped))")
    #expect(!"\(summary.failures)".contains("PAT-"))
  }
}
