import DICOM
import Foundation
import Support
import Synchronization
import TestSupport
import Testing

@testable import PACS

/// How a PACS is spoken to.
enum Way: String, CaseIterable, Sendable {
  case dicomWeb, dimse

  func client(_ orthanc: Orthanc, attempts: Int = 1, calledTitle: String = "ORTHANC") throws -> any PACSClient {
    let retry = RetryPolicy(attempts: attempts, firstDelay: .milliseconds(200), longestDelay: .seconds(2))
    switch self {
    case .dicomWeb:
      var configuration = DICOMwebClient.Configuration(root: orthanc.dicomWeb)
      configuration.retry = retry
      return try DICOMwebClient(configuration)
    case .dimse:
      var configuration = DIMSEClient.Configuration(
        host: "127.0.0.1", port: UInt16(orthanc.dicomPort), calledTitle: calledTitle, callingTitle: "RENALGRADE")
      configuration.retry = retry
      return try DIMSEClient(configuration)
    }
  }
}

@Suite(.serialized, .enabled(if: Orthanc.isInstalled, Orthanc.missing), .timeLimit(.minutes(15)))
struct OrthancTests {
  @Test(arguments: Way.allCases) func whatIsThereIsFound(by way: Way) async throws {
    let orthanc = try await Orthanc()
    try await orthanc.store(try Samples.series(count: 3))
    try await orthanc.store(try Samples.series(series: "1.2.3.1.2", count: 2, modality: "MR"))
    try await orthanc.store(try Samples.series(patient: "PAT-2", study: "1.2.3.2", series: "1.2.3.2.1", count: 1))
    let client = try way.client(orthanc)
    try await client.echo()
    let studies = try await client.studies(StudyQuery(patientID: "PAT-1")).found
    #expect(studies.map(\.studyInstanceUID) == ["1.2.3.1"])
    #expect(studies.first?.accessionNumber == "ACC-1" && studies.first?.date == "20240131")
    #expect(studies.first?.modalities == ["CT", "MR"] && studies.first?.instanceCount == 5)
    #expect(try await client.studies(StudyQuery(accessionNumber: "ACC-2")).found.map(\.patientID) == ["PAT-2"])
    #expect(try await client.studies(StudyQuery(studyInstanceUID: "1.2.3.2")).found.map(\.patientID) == ["PAT-2"])
    #expect(
      try await client.studies(StudyQuery(firstDate: "20240101", lastDate: "20241231", modality: "MR")).found.count == 1
    )
    #expect(try await client.studies(StudyQuery(firstDate: "20240201")).found.isEmpty)
    #expect(try await client.studies(StudyQuery(patientID: "PAT")).found.isEmpty)
    let series = try await client.series(ofStudy: "1.2.3.1").found.sorted {
      $0.seriesInstanceUID < $1.seriesInstanceUID
    }
    #expect(series.map(\.modality) == ["CT", "MR"] && series.map(\.instanceCount) == [3, 2])
    #expect(try await client.instances(of: series[0]).found.sorted() == ["1.2.3.1.1.1", "1.2.3.1.1.2", "1.2.3.1.1.3"])
  }

  @Test(arguments: Way.allCases) func aListIsPulledOnceAndWhole(by way: Way) async throws {
    let orthanc = try await Orthanc()
    var files = try Samples.series(count: 5) + Samples.series(series: "1.2.3.1.3", count: 4)
    files += try Samples.series(patient: "PAT-2", study: "1.2.3.2", series: "1.2.3.2.1", count: 3)
    try await orthanc.store(files + (try Samples.series(series: "1.2.3.1.2", count: 2, modality: "MR")))
    let list = orthanc.folder.url.appendingPathComponent("list.csv")
    try "patient_id,accession_number\nPAT-1,\n,ACC-2\nPAT-1,ACC-1\nPAT-9,\n".write(
      to: list, atomically: true, encoding: .utf8)
    let requests = try RetrievalRequest.read(list)
    let folder = orthanc.folder.url.appendingPathComponent("pulled")
    let sink = try FolderSink(folder)
    let journalFile = orthanc.folder.url.appendingPathComponent("journal")
    let last = Mutex(RetrievalProgress())
    do {
      let journal = try RetrievalJournal(journalFile, hash: Samples.hash)
      let retrieval = Retrieval(from: try way.client(orthanc), into: sink, journal: journal) { progress in
        last.withLock { if progress.instances >= $0.instances { $0 = progress } }
      }
      let summary = try await retrieval.run(requests)
      #expect(summary.stopped == nil && summary.studies == 2 && summary.series == 3 && summary.completeSeries == 3)
      #expect(summary.instances == 12 && summary.repeatedInstances == 0)
      #expect(summary.failures.map(\.place) == ["list.csv:5"])
      #expect(last.withLock { $0.instances } == 12 && last.withLock { $0.seriesCount } == 3)
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    let pulled = try names.map { try Data(contentsOf: folder.appendingPathComponent($0)) }
    #expect(names.allSatisfy { $0.wholeMatch(of: /[0-9a-f]{32}\.dcm/) != nil })
    #expect(try Samples.digests(pulled) == Samples.digests(files))
    let again = Retrieval(
      from: try way.client(orthanc), into: sink, journal: try RetrievalJournal(journalFile, hash: Samples.hash))
    let second = try await again.run(requests)
    #expect(second.instances == 0 && second.seriesFromBefore == 3 && second.completeSeries == 3)
  }

  @Test(arguments: Way.allCases) func compressedInstancesTravelUnchanged(by way: Way) async throws {
    let orthanc = try await Orthanc()
    let originals = try Compressed.files()
    try await orthanc.store(originals)
    let client = try way.client(orthanc)
    for original in originals {
      let sent = try ReceivedInstance(parsing: original)
      let series = try #require(
        FoundSeries([.seriesInstanceUID: sent.seriesInstanceUID], studyInstanceUID: sent.studyInstanceUID))
      let sink = Samples.MemorySink()
      try await client.pull(series, only: [sent.sopInstanceUID]) { try sink.store($0.get()) }
      let received = try #require(sink.instances.first)
      #expect(received.transferSyntaxUID == sent.transferSyntaxUID && sink.instances.count == 1)
      // The beginning of the codestream; the header may be encoded another way.
      let start = try #require(Compressed.marks.lazy.compactMap { original.range(of: $0) }.first?.lowerBound)
      #expect(received.data.range(of: original[start...].prefix(400)) != nil, "\(sent.transferSyntaxUID)")
    }
  }

  @Test(arguments: Way.allCases) func aKilledPACSIsResumed(by way: Way) async throws {
    let orthanc = try await Orthanc()
    let files = try Samples.series(count: 30, size: 512) + Samples.series(series: "1.2.3.1.2", count: 3)
    try await orthanc.store(files)
    let journalFile = orthanc.folder.url.appendingPathComponent("journal")
    let request = RetrievalRequest(.patient, "PAT-1", source: "test")
    let dying = Samples.MemorySink { _, stored in if stored == 13 { orthanc.kill() } }
    var settings = Retrieval.Settings()
    settings.parallelism = 1
    do {
      let journal = try RetrievalJournal(journalFile, hash: Samples.hash)
      let first = try await Retrieval(from: try way.client(orthanc), into: dying, journal: journal, settings: settings)
        .run([request])
      #expect(first.stopped?.kind == .gone && first.failures.isEmpty && first.instances == dying.instances.count)
      #expect((14..<30).contains(first.instances))
    }
    try await orthanc.start()
    let sink = Samples.MemorySink()
    let journal = try RetrievalJournal(journalFile, hash: Samples.hash)
    let second = try await Retrieval(from: try way.client(orthanc), into: sink, journal: journal, settings: settings)
      .run([request])
    #expect(second.isComplete && second.repeatedInstances == 0)
    #expect(try Samples.digests(dying.instances + sink.instances) == Samples.digests(files))
  }

  /// Killed 20 times while it sends, each time after a number of instances drawn beforehand.
  @Test func aPACSThatIsKilledAgainAndAgainGivesTheSameFiles() async throws {
    let orthanc = try await Orthanc()
    let files = try (1...5).flatMap { try Samples.series(series: "1.2.3.1.\($0)", count: 24, size: 64) }
    try await orthanc.store(files)
    let (journalFile, folder) = (
      orthanc.folder.url.appendingPathComponent("journal"), orthanc.folder.url.appendingPathComponent("out")
    )
    let request = RetrievalRequest(.patient, "PAT-1", source: "test")
    var random = SplitMix64(seed: 12)
    var settings = Retrieval.Settings()
    settings.parallelism = 2
    func pull(by way: Way, killedAfter limit: Int) async throws -> RetrievalSummary {
      let sink = KillingSink(try FolderSink(folder), after: limit) { orthanc.kill() }
      let journal = try RetrievalJournal(journalFile, hash: Samples.hash)
      return try await Retrieval(from: try way.client(orthanc), into: sink, journal: journal, settings: settings)
        .run([request])
    }
    for round in 0..<20 {
      let limit = Int.random(in: 1...8, using: &random)
      let summary = try await pull(by: round.isMultiple(of: 2) ? .dicomWeb : .dimse, killedAfter: limit)
      #expect(summary.isComplete || summary.stopped?.kind == .gone, "\(summary) \(summary.failures)")
      orthanc.kill()
      try await orthanc.start()
    }
    #expect(try await pull(by: .dicomWeb, killedAfter: .max).isComplete)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(names.count == files.count && names.allSatisfy { $0.hasSuffix(".dcm") }, "no leftovers")
    #expect(
      try Samples.digests(names.map { try Data(contentsOf: folder.appendingPathComponent($0)) })
        == Samples.digests(files))
    // The journal is that of an undisturbed retrieval, but for the order of its lines.
    let undisturbed = orthanc.folder.url.appendingPathComponent("undisturbed")
    let clean = Retrieval(
      from: try Way.dicomWeb.client(orthanc), into: Samples.MemorySink(),
      journal: try RetrievalJournal(undisturbed, hash: Samples.hash), settings: settings)
    #expect(try await clean.run([request]).isComplete)
    func lines(_ file: URL) throws -> [Substring] {
      try String(contentsOf: file, encoding: .utf8).split(separator: "\n").sorted()
    }
    #expect(try lines(journalFile) == lines(undisturbed))
  }

  /// Stores, and does something once so many instances were stored.
  struct KillingSink: InstanceSink {
    let sink: FolderSink
    let left: Locked<Int>
    let kill: @Sendable () -> Void

    init(_ sink: FolderSink, after limit: Int, kill: @escaping @Sendable () -> Void) {
      (self.sink, left, self.kill) = (sink, Locked(limit), kill)
    }

    func store(_ instance: ReceivedInstance) throws {
      try sink.store(instance)
      let isTime = left.withLock { left in
        left -= 1
        return left == 0
      }
      if isTime { kill() }
    }
    func synchronize() throws { try sink.synchronize() }
  }

  @Test(arguments: Way.allCases) func aRestartedPACSIsWaitedFor(by way: Way) async throws {
    let orthanc = try await Orthanc()
    let files = try Samples.series(count: 30, size: 512)
    try await orthanc.store(files)
    let sink = Samples.MemorySink { _, stored in
      guard stored == 5 else { return }
      orthanc.kill()
      Task { try await orthanc.start() }
    }
    let journal = try RetrievalJournal(orthanc.folder.url.appendingPathComponent("journal"), hash: Samples.hash)
    let summary = try await Retrieval(from: try way.client(orthanc, attempts: 600), into: sink, journal: journal)
      .run([RetrievalRequest(.patient, "PAT-1", source: "test")])
    #expect(summary.isComplete)
    #expect(try Samples.digests(sink.instances) == Samples.digests(files))
  }

  @Test(arguments: Way.allCases) func oneUIDUnderTwoPatientsIsReported(by way: Way) async throws {
    let orthanc = try await Orthanc()
    try await orthanc.store(try Samples.series(count: 2))
    let twin = try Samples.slice(
      patient: "PAT-2", study: "1.2.3.2", series: "1.2.3.2.1", number: 1, sopInstance: "1.2.3.1.1.1"
    ).encoded()
    try await orthanc.store([twin])
    let sink = Samples.MemorySink()
    let journal = try RetrievalJournal(orthanc.folder.url.appendingPathComponent("journal"), hash: Samples.hash)
    var settings = Retrieval.Settings()
    settings.parallelism = 1
    let summary = try await Retrieval(from: try way.client(orthanc), into: sink, journal: journal, settings: settings)
      .run([RetrievalRequest(.patient, "PAT-1", source: "a"), RetrievalRequest(.patient, "PAT-2", source: "b")])
    #expect(sink.instances.map(\.patientID) == ["PAT-1", "PAT-1"])
    #expect(summary.failures.map(\.place) == ["b, study 1, series 1"])
    #expect(summary.failures.first?.reason.contains("another patient") == true && summary.completeSeries == 1)
  }

  @Test func aWrongTitleIsRefused() async throws {
    let orthanc = try await Orthanc()
    let client = try Way.dimse.client(orthanc, attempts: 5, calledTitle: "SOMEONE")
    let error = try #require(await #expect(throws: PACSError.self) { try await client.echo() })
    #expect(error.kind == .refused && error.description.contains("Called AE Title Not Recognized"))
    let journal = try RetrievalJournal(orthanc.folder.url.appendingPathComponent("journal"), hash: Samples.hash)
    let summary = try await Retrieval(from: client, into: Samples.MemorySink(), journal: journal)
      .run([RetrievalRequest(.patient, "PAT-1", source: "test")])
    #expect(summary.stopped?.kind == .refused)
  }

  @Test func whereGetIsRefusedMoveServes() async throws {
    let port = try Loopback.freePort()
    let orthanc = try await Orthanc([
      "DicomModalities": ["us": ["AET": "RENALGRADE", "Host": "127.0.0.1", "Port": port, "AllowGet": false]]
    ])
    let files = try Samples.series(count: 6) + Samples.series(series: "1.2.3.1.2", count: 6)
    let compressed = try Compressed.files()
    try await orthanc.store(files + compressed)
    var configuration = DIMSEClient.Configuration(
      host: "127.0.0.1", port: UInt16(orthanc.dicomPort), calledTitle: "ORTHANC", callingTitle: "RENALGRADE")
    configuration.retry = RetryPolicy(attempts: 1)
    let series = try #require(FoundSeries([.seriesInstanceUID: "1.2.3.1.1"], studyInstanceUID: "1.2.3.1"))
    let without = try DIMSEClient(configuration)
    let error = try #require(
      await #expect(throws: PACSError.self) { try await without.pull(series, only: nil) { _ in } })
    #expect(error.description.contains("port to listen on"))
    configuration.listeningPort = UInt16(port)
    let client = try DIMSEClient(configuration)
    let sink = Samples.MemorySink()
    let journal = try RetrievalJournal(orthanc.folder.url.appendingPathComponent("journal"), hash: Samples.hash)
    let summary = try await Retrieval(from: client, into: sink, journal: journal)
      .run([RetrievalRequest(.patient, "PAT-1", source: "test")])
    #expect(summary.isComplete)
    #expect(try Samples.digests(sink.instances) == Samples.digests(files))
    for original in compressed {
      let sent = try ReceivedInstance(parsing: original)
      let series = try #require(
        FoundSeries([.seriesInstanceUID: sent.seriesInstanceUID], studyInstanceUID: sent.studyInstanceUID))
      let one = Samples.MemorySink()
      try await client.pull(series, only: nil) { try one.store($0.get()) }
      #expect(one.instances.map(\.transferSyntaxUID) == [sent.transferSyntaxUID])
    }
  }

  @Test func credentialsLetIn() async throws {
    let orthanc = try await Orthanc(user: "reader", password: "s3cret")
    try await orthanc.store(try Samples.series(count: 1))
    func client(_ credentials: Credentials?) throws -> DICOMwebClient {
      try DICOMwebClient(.init(root: orthanc.dicomWeb, credentials: credentials))
    }
    try await client(.basic(user: "reader", password: "s3cret")).echo()
    for wrong in [nil, Credentials.basic(user: "reader", password: "other")] {
      let error = await #expect(throws: PACSError.self) { try await client(wrong).echo() }
      #expect(error?.kind == .refused && error?.description.contains("401") == true)
    }
  }
}

/// Compressed CT slices: JPEG 2000 of our own, JPEG-LS where scripts/setup unpacked pydicom's files.
enum Compressed {
  /// SOC and SIZ of JPEG 2000; SOI and SOF55 of JPEG-LS.
  static let marks = [Data([0xFF, 0x4F, 0xFF, 0x51]), Data([0xFF, 0xD8, 0xFF, 0xF7])]

  static func files() throws -> [Data] {
    let root = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    var files = [
      try Data(contentsOf: root.appendingPathComponent("Tests/DICOMTests/Fixtures/made/16-signed-jpeg2000.dcm"))
    ]
    let magnetic = root.appendingPathComponent(
      ".deps/pydicom-files/pydicom/data/test_files/MR_small_jpeg_ls_lossless.dcm")
    if var jpegLS = try? Data(contentsOf: magnetic) {
      // MR Image Storage becomes CT Image Storage, twice: the pixels are none of this test's business.
      let (mr, ct) = (Data("1.2.840.10008.5.1.4.1.1.4".utf8), Data("1.2.840.10008.5.1.4.1.1.2".utf8))
      while let range = jpegLS.range(of: mr) { jpegLS.replaceSubrange(range, with: ct) }
      files.append(jpegLS)
    }
    return files
  }
}
