import Foundation
import TestSupport

@testable import PACS

/// A DICOMweb service over a few files, whose answers a test may change.
struct SmallPACS {
  /// What is asked for.
  enum Question {
    case studies, series, instances
    /// WADO-RS, with the files that are meant.
    case pull([Data])
  }

  let server: LoopbackServer

  /// Serves `files`; `nothing` is the answer to a query that has no matches, on its first page or a later one, and `change` may
  /// give another answer than the usual one.
  init(
    _ files: [Data], nothing: LoopbackServer.Response = .json("[]"),
    change: @escaping @Sendable (Question, LoopbackServer.Request) -> LoopbackServer.Response?? = { _, _ in nil }
  ) throws {
    let all = try files.map { try ReceivedInstance(parsing: $0) }
    server = try LoopbackServer { request in
      let parts = request.path.split(separator: "/").dropFirst().map(String.init)
      func part(_ index: Int) -> String? { index < parts.count ? parts[index] : nil }
      let meant = all.filter { instance in
        (part(1) ?? instance.studyInstanceUID) == instance.studyInstanceUID
          && (part(3) ?? instance.seriesInstanceUID) == instance.seriesInstanceUID
          && (part(5) ?? instance.sopInstanceUID) == instance.sopInstanceUID
          && (request.query("00100020") ?? instance.patientID) == instance.patientID
      }
      guard request.query("offset") != nil else {
        let files = meant.map(\.data)
        return change(.pull(files), request) ?? .multipart(files)
      }
      let question: Question = [1: .studies, 3: .series][parts.count] ?? .instances
      if let other = change(question, request) { return other }
      let matches =
        switch question {
        case .studies: Set(meant.map { Self.match(["0020000D": $0.studyInstanceUID, "00100020": $0.patientID]) })
        case .series: Set(meant.map { Self.match(["0020000E": $0.seriesInstanceUID, "00080060": "CT"]) })
        default: Set(meant.map { Self.match(["00080018": $0.sopInstanceUID]) })
        }
      guard request.query("offset") == "0", !matches.isEmpty else { return nothing }
      return .json("[\(matches.sorted().joined(separator: ","))]")
    }
  }

  /// A match as DICOM JSON.
  static func match(_ elements: [String: String]) -> String {
    let members = elements.sorted { $0.key < $1.key }.map { #""\#($0)":{"vr":"LO","Value":["\#($1)"]}"# }
    return "{\(members.joined(separator: ","))}"
  }

  /// A client that waits for minutes before it gives up.
  func client(attempts: Int = 1, _ change: (inout DICOMwebClient.Configuration) -> Void = { _ in }) throws
    -> DICOMwebClient
  {
    var configuration = DICOMwebClient.Configuration(root: try server.root)
    configuration.retry = RetryPolicyTests.Pauses().policy(attempts: attempts)
    configuration.connectTimeout = .seconds(300)
    configuration.readTimeout = .seconds(300)
    change(&configuration)
    return try DICOMwebClient(configuration)
  }

  /// Retrieves a list of patients into a sink.
  func pull(
    _ patients: [String], into sink: some InstanceSink, attempts: Int = 1, parallelism: Int = 1,
    _ change: (inout DICOMwebClient.Configuration) -> Void = { _ in }
  ) async throws -> RetrievalSummary {
    let folder = try TemporaryFolder()
    let journal = try RetrievalJournal(folder.url.appendingPathComponent("journal"), hash: Samples.hash)
    var settings = Retrieval.Settings()
    settings.parallelism = parallelism
    return try await Retrieval(
      from: try client(attempts: attempts, change), into: sink, journal: journal, settings: settings
    ).run(patients.enumerated().map { RetrievalRequest(.patient, $1, source: "list:\($0 + 2)") })
  }
}
