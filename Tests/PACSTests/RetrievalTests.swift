import DICOM
import Foundation
import Support
import Synchronization
import TestSupport
import Testing

@testable import PACS

/// A PACS in memory that has one series, and sends what it is told to.
struct ScriptedPACS: PACSClient {
  var retry = RetryPolicy(attempts: 1)
  /// What it announces.
  var announced: [String]
  /// What it sends.
  var sent: [Result<ReceivedInstance, PACSError>]
  var failsWith: PACSError?
  /// The instance count that its index states.
  var count: Int?

  func echo() async throws {}
  func studies(_ query: StudyQuery) async throws -> Matches<FoundStudy> {
    Matches([FoundStudy([.studyInstanceUID: "1.2.3.1", .patientID: "PAT-1"])].compactMap(\.self))
  }
  func series(ofStudy studyInstanceUID: String) async throws -> Matches<FoundSeries> {
    var match: [DICOMTag: String] = [.seriesInstanceUID: "1.2.3.1.1", .modality: "CT", .seriesNumber: "1"]
    match[.numberOfSeriesRelatedInstances] = count.map { "\($0)" }
    return Matches([FoundSeries(match, studyInstanceUID: studyInstanceUID)].compactMap(\.self))
  }
  func instances(of series: FoundSeries) async throws -> Matches<String> { Matches(announced) }
  func pull(_ series: FoundSeries, only instances: [String]?, receive: @escaping InstanceReceiver) async throws {
    for delivery in sent { try receive(delivery) }
    if let failsWith { throw failsWith }
  }
}

struct RetrievalTests {
  let folder: TemporaryFolder
  let request = RetrievalRequest(.patient, "PAT-1", source: "list:1")

  init() throws { folder = try TemporaryFolder() }

  func received(_ file: Data) throws -> Result<ReceivedInstance, PACSError> {
    .success(try ReceivedInstance(parsing: file))
  }

  func run(_ pacs: ScriptedPACS, into sink: some InstanceSink) async throws -> RetrievalSummary {
    let journal = try RetrievalJournal(folder.url.appendingPathComponent("journal"), hash: Samples.hash)
    return try await Retrieval(from: pacs, into: sink, journal: journal).run([request])
  }

  @Test func identicalTwinsAreFineAndOthersReported() async throws {
    let files = try Samples.series(count: 2)
    let twin = try Samples.slice(number: 2, value: 99).encoded()
    var pacs = ScriptedPACS(
      announced: ["1.2.3.1.1.1", "1.2.3.1.1.2"], sent: try [files[0], files[0], files[1]].map(received))
    let sink = Samples.MemorySink()
    let fine = try await run(pacs, into: sink)
    #expect(fine.isComplete && fine.instances == 2 && fine.repeatedInstances == 1)
    try FileManager.default.removeItem(at: folder.url.appendingPathComponent("journal"))
    pacs.sent = try [files[0], files[1], twin].map(received)
    let differing = Samples.MemorySink()
    let summary = try await run(pacs, into: differing)
    #expect(!summary.isComplete && summary.completeSeries == 0)
    #expect(summary.failures.map(\.place) == ["list:1, study 1, series 1"])
    #expect(summary.failures.first?.reason.contains("differs from the one") == true)
    #expect(try Samples.digests(differing.instances) == Samples.digests(files))
  }

  @Test func whatWasNotAskedForIsNotStored() async throws {
    let strangers = try [
      Samples.slice(series: "1.2.3.1.2", number: 1), Samples.slice(study: "1.2.3.2", number: 1),
      Samples.slice(patient: "PAT-2", number: 1),
    ].map { try received($0.encoded()) }
    let sink = Samples.MemorySink()
    let summary = try await run(ScriptedPACS(announced: ["1.2.3.1.1.1"], sent: strangers), into: sink)
    #expect(sink.instances.isEmpty && summary.instances == 0)
    #expect(summary.failures.map(\.reason).count == 2, "study or series, and patient")
    #expect(!"\(summary.failures)".contains("PAT-2"))
  }

  @Test func whatIsMissingIsReported() async throws {
    let one = try Samples.series(count: 1).map(received)
    let silent = try await run(
      ScriptedPACS(announced: ["1.2.3.1.1.1", "1.2.3.1.1.2"], sent: one), into: Samples.MemorySink())
    #expect(silent.failures.first?.reason == "the PACS did not send 1 of 2 instances" && silent.completeSeries == 0)
    // A PACS that lists no instances still states how many there are.
    let counting = try await run(ScriptedPACS(announced: [], sent: [], count: 2), into: Samples.MemorySink())
    #expect(counting.failures.first?.reason.contains("than the 2 that it announced") == true)
  }

  @Test func aSinkMaySetOneInstanceAside() async throws {
    let files = try Samples.series(count: 3)
    let sink = Samples.MemorySink { instance, _ in
      if instance.sopInstanceUID.hasSuffix(".2") { throw InstanceRefusal("a private element is unknown") }
    }
    let summary = try await run(
      ScriptedPACS(announced: (1...3).map { "1.2.3.1.1.\($0)" }, sent: try files.map(received)), into: sink)
    #expect(sink.instances.count == 2 && summary.stopped == nil)
    #expect(summary.failures.map(\.reason) == ["an instance was refused: a private element is unknown"])
  }

  @Test func repeatedTroubleIsRepeatedOnlySoOften() async throws {
    var pacs = ScriptedPACS(announced: ["1.2.3.1.1.1"], sent: [], failsWith: PACSError(.interrupted, "cut"))
    let pauses = RetryPolicyTests.Pauses()
    pacs.retry = pauses.policy(attempts: 4)
    let summary = try await run(pacs, into: Samples.MemorySink())
    #expect(pauses.all.count == 3 && summary.failures.map(\.reason) == ["cut"])
  }

  @Test func aCancelledRetrievalKeepsWhatItHas() async throws {
    let files = try Samples.series(count: 3)
    let pacs = ScriptedPACS(announced: (1...3).map { "1.2.3.1.1.\($0)" }, sent: try files.map(received))
    let begun = Mutex<Task<RetrievalSummary, any Error>?>(nil)
    let sink = Samples.MemorySink { _, stored in
      guard stored == 1 else { return }
      while begun.withLock({ $0 }) == nil { usleep(1000) }
      begun.withLock { $0?.cancel() }
    }
    let task = Task { try await run(pacs, into: sink) }
    begun.withLock { $0 = task }
    await #expect(throws: CancellationError.self) { try await task.value }
    let rest = Samples.MemorySink()
    let summary = try await run(pacs, into: rest)
    #expect(summary.isComplete)
    #expect(try Samples.digests(sink.instances + rest.instances) == Samples.digests(files))
  }

  /// A file system of its own, where root may mount one.
  enum SmallDisk {
    static let isMountable: Bool = {
      guard let folder = try? TemporaryFolder(), mount(folder.url, size: "300k") else { return false }
      return unmount(folder.url)
    }()

    static func mount(_ folder: URL, size: String) -> Bool {
      run("/bin/mount", "-t", "tmpfs", "-o", "size=\(size)", "tmpfs", folder.path)
    }
    static func grow(_ folder: URL, to size: String) -> Bool {
      run("/bin/mount", "-o", "remount,size=\(size)", folder.path)
    }
    /// Lazily: a program that another test starts may hold a copy of an open file until it has become itself.
    static func unmount(_ folder: URL) -> Bool { run("/bin/umount", "--lazy", folder.path) }

    private static func run(_ program: String, _ arguments: String...) -> Bool {
      (try? Subprocess(URL(fileURLWithPath: program), arguments).run()) != nil
    }
  }

  @Test(.enabled(if: SmallDisk.isMountable, "needs root, to mount a small file system"))
  func aFullDiskStopsAndIsResumed() async throws {
    let disk = folder.url.appendingPathComponent("small")
    let sink = try FolderSink(disk)
    try #require(SmallDisk.mount(disk, size: "300k"))
    defer { #expect(SmallDisk.unmount(disk)) }
    let files = try Samples.series(count: 8, size: 160)
    let pacs = ScriptedPACS(announced: (1...8).map { "1.2.3.1.1.\($0)" }, sent: try files.map(received))
    let first = try await run(pacs, into: sink)
    let stopped = try #require(first.stopped)
    #expect(stopped.kind == .storage && stopped.description.contains("No space left on device"))
    #expect(stopped.description.contains("repeat the command"))
    let names = try FileManager.default.contentsOfDirectory(atPath: disk.path)
    #expect(names.count == first.instances && (1..<8).contains(names.count), "no half-written file is left")
    #expect(SmallDisk.grow(disk, to: "8m"))
    let second = try await run(pacs, into: sink)
    #expect(second.isComplete && second.instances == 8 - first.instances)
    let stored = try FileManager.default.contentsOfDirectory(at: disk, includingPropertiesForKeys: nil)
    #expect(try Samples.digests(stored.map { try Data(contentsOf: $0) }) == Samples.digests(files))
  }

  @Test func aFolderNeverOverwrites() throws {
    let url = folder.url.appendingPathComponent("pulled")
    let sink = try FolderSink(url)
    let instance = try received(Samples.slice(number: 1).encoded()).get()
    try sink.store(instance)
    try sink.store(instance)
    let other = try received(Samples.slice(number: 1, value: 99).encoded()).get()
    #expect(throws: InstanceRefusal.self) { try sink.store(other) }
    #expect(try Data(contentsOf: url.appendingPathComponent(FolderSink.name("1.2.3.1.1.1"))) == instance.data)
    try sink.synchronize()
  }
}
