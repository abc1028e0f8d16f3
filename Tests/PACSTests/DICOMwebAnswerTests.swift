import Foundation
import TestSupport
import Testing

@testable import PACS

/// Answers that servers in use give, though they look different from what the standard's examples show.
@Suite(.timeLimit(.minutes(15)))
struct DICOMwebAnswerTests {
  typealias Response = LoopbackServer.Response

  static let patients = ["WEB-1", "WEB-2", "NOBODY"]

  /// Three slices of one patient and one of another.
  static func files() throws -> [Data] {
    try Samples.series(patient: "WEB-1", count: 3)
      + Samples.series(patient: "WEB-2", study: "1.2.3.2", series: "1.2.3.2.1", count: 1)
  }

  /// Pulls all patients, and expects that everything comes and that one is said not to be there.
  static func expectAll(_ pacs: SmallPACS, of files: [Data]? = nil, attempts: Int = 1) async throws {
    let sink = Samples.MemorySink()
    let summary = try await pacs.pull(patients, into: sink, attempts: attempts)
    #expect(try Samples.digests(sink.instances) == Samples.digests(files ?? self.files()))
    #expect(summary.completeSeries == 2 && summary.stopped == nil)
    #expect(summary.failures.map(\.description) == ["list:4: the PACS has no study of this patient_id"])
  }

  static let noMatches = [
    Response(status: 200), Response(status: 204), Response(status: 404), .json("[]"), .json(""), .json(" \r\n\t"),
    Response(status: 404, headers: ["Content-Type: text/html"], body: Data("<html>no matches</html>".utf8)),
    Response(status: 204, headers: ["Content-Type: application/dicom+json"]), .json("\u{FEFF}[ ]"),
  ]

  @Test(arguments: noMatches.indices) func anEmptyPageMeansNoMoreMatches(index: Int) async throws {
    try await Self.expectAll(SmallPACS(Self.files(), nothing: Self.noMatches[index]))
  }

  @Test(.enabled(if: sharedCase != nil, "\(SharedData.missing)")) func theSharedCaseIsPulled() async throws {
    let folder = try #require(Self.sharedCase)
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder.appendingPathComponent("pacs").path)
    let files = try names.filter { $0.hasSuffix(".dcm") }
      .map { try Data(contentsOf: folder.appendingPathComponent("pacs/\($0)")) }
    let list = try RetrievalRequest.read(folder.appendingPathComponent("list.csv"))
    #expect(list.map(\.value) == Self.patients)
    for nothing in Self.noMatches.prefix(4) {
      try await Self.expectAll(
        SmallPACS(files, nothing: nothing) { question, _ in
          guard case .pull(let files) = question, files.count == 1 else { return nil }
          return Response(headers: ["Content-Type: application/dicom"], body: files[0])
        }, of: files)
    }
  }

  /// The case that may stand beside a checkout.
  static let sharedCase = SharedData.root.map {
    $0.deletingLastPathComponent().appendingPathComponent("cases/12-dicomweb-answers")
  }.flatMap { FileManager.default.fileExists(atPath: $0.path) ? $0 : nil }

  @Test(arguments: [
    "application/dicom", "Application/DICOM; transfer-syntax=1.2.840.10008.1.2.1", #"application/dicom; a="b;c""#,
    "  application/dicom ;", "APPLICATION/DICOM",
  ]) func aSingleInstanceMayComeAsItIs(type: String) async throws {
    for hidesLength in [false, true] {
      let pacs = try SmallPACS(Self.files()) { question, _ in
        guard case .pull(let files) = question, files.count == 1 else { return nil }
        var response = Response(headers: ["Content-Type: \(type)"], body: files[0])
        response.hidesLength = hidesLength
        return response
      }
      try await Self.expectAll(pacs)
    }
  }

  /// Such a server sends only the first of a series; the others are asked for one by one.
  @Test func whatASingleInstanceLeavesOutIsAskedForAgain() async throws {
    let pacs = try SmallPACS(Self.files()) { question, _ in
      guard case .pull(let files) = question else { return nil }
      return Response(headers: ["Content-Type: application/dicom"], body: files[0])
    }
    try await Self.expectAll(pacs, attempts: 3)
  }

  @Test func aSingleInstanceThatWasCutOffIsNone() async throws {
    let file = try Self.files()[0]
    for length in [0, 200, file.count / 2, file.count - 1] {
      let pacs = try SmallPACS([file]) { question, _ in
        guard case .pull = question else { return nil }
        var response = Response(headers: ["Content-Type: application/dicom"], body: file.prefix(length))
        response.hidesLength = true
        return response
      }
      let sink = Samples.MemorySink()
      let summary = try await pacs.pull(["WEB-1"], into: sink)
      #expect(sink.instances.isEmpty && summary.failures.count == 1 && !summary.isComplete)
    }
  }

  @Test(arguments: [
    "text/html", "application/dicom+xml", "multipart/mixed; boundary=edge", "", "application/octet-stream",
  ])
  func otherTypesAreNamed(type: String) async throws {
    let pacs = try SmallPACS(Self.files()) { question, _ in
      guard case .pull(let files) = question else { return nil }
      return Response(headers: ["Content-Type: \(type)"], body: files[0])
    }
    let summary = try await pacs.pull(["WEB-1"], into: Samples.MemorySink())
    #expect(summary.failures.first?.reason.contains("expected multipart/related") == true)
  }

  @Test func aRootThatIsNoneIsSaidSo() async throws {
    for status in [404, 200] {
      let page = try LoopbackServer { _ in .init(status: status, headers: ["Content-Type: text/html"]) }
      let client = try HTTPFaultTests.client(page)
      for ask in [{ try await client.echo() }, { _ = try await client.studies(StudyQuery(patientID: "A")) }] {
        let error = await #expect(throws: PACSError.self) { try await ask() }
        #expect(error?.description.contains("root of a DICOMweb service") == true)
      }
    }
    // It blames no root that is right: the file is listed, and gone.
    let pacs = try SmallPACS(Self.files()) { question, _ in
      if case .pull = question { Response(status: 404) } else { nil }
    }
    let summary = try await pacs.pull(["WEB-1"], into: Samples.MemorySink())
    #expect(summary.failures.first?.reason.contains("index lists it") == true)
  }

  // MARK: Matches

  /// The UIDs, modalities and counts that are read from an answer of series, and how many matches are of no use.
  static let answers: [(json: String, uids: [String], modalities: [String], counts: [Int?], unusable: Int)] = [
    (#"[{"0020000E":{"vr":"UI","Value":["1.2"]},"00201209":{"Value":["7"]}}]"#, ["1.2"], [""], [7], 0),
    (
      #"[{"0020000e":{"Value":["1.2 "]},"00080060":{"Value":["ct"]},"00201209":{"Value":[7.0]}}]"#, ["1.2"], ["CT"],
      [7], 0
    ),
    (#"[{"0020000E":{"Value":"1.2"},"00080060":{"Value":"CT"}}]"#, ["1.2"], ["CT"], [nil], 0),
    (
      #"[{"0020000E":{"Value":["1.2"]},"00080060":{"Value":[null]},"00201209":{"Value":null}}]"#, ["1.2"], [""], [nil],
      0
    ),
    (#"[{"0020000E":{"vr":"UI"}},{"0020000E":{"Value":["1.3"]}}]"#, ["1.3"], [""], [nil], 1),
    (#"[null,7,"x",[],{"0020000E":{"Value":["1.3"]}}]"#, ["1.3"], [""], [nil], 4),
    (#"[{"0020000E":"1.2"},{"0020000E":{"Value":{}}},{"0020000E":{"Value":["../1"]}}]"#, [], [], [], 3),
    (#"[{"0020000E":{"Value":["1.2"]},"00201209":{"Value":[-3]}}]"#, ["1.2"], [""], [nil], 0),
    (#"[{"0020000E":{"Value":["1.2"]},"00201209":{"Value":[1e300]}}]"#, ["1.2"], [""], [nil], 0),
    (#"[{"0020000E":{"Value":["1.2"]}},{"0020000E":{"Value":["1.2"]}}]"#, ["1.2"], [""], [nil], 0),
    (
      #"[{"0020000E":{"Value":["1.2"]},"00080005":{"Value":["ISO_IR 100"]},"x":{},"00080060":true}]"#, ["1.2"], [""],
      [nil], 0
    ),
    ("\u{FEFF}[{\"0020000E\":{\"Value\":[\"1.2\"]}}]", ["1.2"], [""], [nil], 0),
  ]

  @Test(arguments: answers.indices) func matchesAreReadOrCounted(index: Int) async throws {
    let answer = Self.answers[index]
    let server = try LoopbackServer { .json($0.query("offset") == "0" ? answer.json : "") }
    let matches = try await HTTPFaultTests.client(server).series(ofStudy: "1.2.3")
    #expect(matches.found.map(\.seriesInstanceUID) == answer.uids && matches.unusable == answer.unusable)
    #expect(matches.found.map(\.modality) == answer.modalities)
    #expect(matches.found.map(\.instanceCount) == answer.counts)
  }

  @Test(arguments: ["{}", "[", "null", #"{"0020000E":{"Value":["1.2"]}}"#, "[{}]]", "caf\u{E9}"])
  func whatIsNoAnswerIsSaidSo(json: String) async throws {
    let server = try LoopbackServer { _ in
      .init(headers: ["Content-Type: application/dicom+json"], body: json.data(using: .isoLatin1) ?? Data())
    }
    let error = await #expect(throws: PACSError.self) {
      try await HTTPFaultTests.client(server).series(ofStudy: "1.2.3")
    }
    #expect(error?.kind == .malformed)
  }

  /// Nothing vanishes: what cannot be used is said by the line of the list, and the rest is pulled.
  @Test func whatCannotBeUsedIsSaid() async throws {
    let files = try Self.files()
    func summary(_ asked: String, _ broken: String) async throws -> RetrievalSummary {
      let pacs = try SmallPACS(files) { question, request in
        let kind =
          switch question {
          case .studies: "studies"
          case .series: "series"
          case .instances: "instances"
          case .pull: "pull"
          }
        guard kind == asked, request.query("offset") == "0" else { return nil }
        let first = try? ReceivedInstance(parsing: files[0])
        let uids = [first?.studyInstanceUID ?? "", first?.seriesInstanceUID ?? ""]
        let good =
          switch question {
          case .studies: [SmallPACS.match(["0020000D": uids[0], "00100020": "WEB-1"])]
          case .series: [SmallPACS.match(["0020000E": uids[1], "00080060": "CT"])]
          default:
            files.prefix(3).compactMap { try? ReceivedInstance(parsing: $0).sopInstanceUID }
              .map { SmallPACS.match(["00080018": $0]) }
          }
        return .json("[\((good + [broken]).joined(separator: ","))]")
      }
      let sink = Samples.MemorySink()
      let summary = try await pacs.pull(["WEB-1"], into: sink)
      #expect(sink.instances.count == 3 && !summary.isComplete && summary.failures.count == 1)
      return summary
    }
    #expect(try await summary("studies", "{}").failures[0].description.contains("1 of the PACS's matches"))
    let nameless = SmallPACS.match(["0020000E": "1.9"])
    #expect(try await summary("series", "7").failures[0].description.contains("no valid SeriesInstanceUID"))
    #expect(try await summary("series", nameless).failures[0].description.contains("state no modality"))
    #expect(try await summary("instances", "{}").failures[0].description.contains("without a valid SOPInstanceUID"))
  }

  @Test func anIdentifierInOtherLettersIsPointedOut() async throws {
    let pacs = try SmallPACS(Self.files()) { question, request in
      guard case .studies = question, request.query("offset") == "0" else { return nil }
      return .json("[\(SmallPACS.match(["0020000D": "1.2", "00100020": "WEB-1"]))]")
    }
    let summary = try await pacs.pull(["web-1"], into: Samples.MemorySink())
    #expect(summary.failures.map(\.reason).first?.contains("capital letters") == true)
    #expect(!"\(summary.failures)".lowercased().contains("web-1"))
  }

  @Test func oneStudyThatCannotBeLookedUpCostsNoOther() async throws {
    let files = try Samples.series(count: 2) + Samples.series(study: "1.2.3.9", series: "1.2.3.9.1", count: 2)
    let pacs = try SmallPACS(files) { question, request in
      guard case .series = question, request.path.contains("1.2.3.9") else { return nil }
      return Response(status: 400)
    }
    let sink = Samples.MemorySink()
    let summary = try await pacs.pull(["PAT-1"], into: sink)
    #expect(sink.instances.count == 2 && summary.failures.map(\.place) == ["list:2, study 2"])
  }

  // MARK: Pages

  static func uids(_ numbers: some Sequence<Int>, headers: [String] = []) -> Response {
    var response = Response.json(
      "[\(numbers.map { SmallPACS.match(["00080018": "1.2.\($0)"]) }.joined(separator: ","))]")
    response.headers += headers
    return response
  }

  static func instances(
    _ answer: @escaping @Sendable (_ offset: Int) -> Response
  ) async throws -> Matches<String> {
    let server = try LoopbackServer { answer(Int($0.query("offset") ?? "") ?? 0) }
    var configuration = DICOMwebClient.Configuration(root: try server.root)
    configuration.pageSize = 3
    configuration.matchLimit = 100
    configuration.retry = RetryPolicy(attempts: 1)
    let series = try #require(FoundSeries([.seriesInstanceUID: "1.2"], studyInstanceUID: "1"))
    return try await DICOMwebClient(configuration).instances(of: series)
  }

  @Test func pagesMayOverlapAndRepeat() async throws {
    // By the rows of a server with 10 of them: pages of its own size, of ours, all at once, overlapping ones, twins.
    for size in [1, 2, 3, 10] {
      #expect(try await Self.instances { Self.uids($0..<min($0 + size, 10)) }.found.count == 10 || size == 0)
    }
    #expect(try await Self.instances { Self.uids(max($0 - 1, 0)..<min($0 + 2, 10)) }.found.count == 10)
    #expect(try await Self.instances { Self.uids(($0..<min($0 + 3, 12)).map { $0 / 2 }) }.found.count == 6)
    // The same short page whatever is asked: there is no more.
    #expect(try await Self.instances { _ in Self.uids([1, 2]) }.found.count == 2)
  }

  @Test func pagesThatMayHideMatchesAreNoAnswer() async throws {
    let error = await #expect(throws: PACSError.self) { try await Self.instances { _ in Self.uids(0..<3) } }
    #expect(error?.description.contains("there may be more") == true)
    let warning = ["Warning: 299 pacs: The number of results exceeded the maximum supported by the server."]
    let capped = await #expect(throws: PACSError.self) {
      try await Self.instances { _ in Self.uids([1, 2], headers: warning) }
    }
    #expect(capped?.description.contains("there may be more") == true)
    let endless = await #expect(throws: PACSError.self) { try await Self.instances { Self.uids($0..<($0 + 3)) } }
    #expect(endless?.description.contains("more than 100 matches") == true)
  }
}
