import DICOM
public import Foundation
import HTTP
import Support

/// A DICOMweb client: QIDO-RS and WADO-RS (PS3.18 chapter 10).
public final class DICOMwebClient: PACSClient {
  /// Where the service is, and how to speak to it.
  public struct Configuration: Sendable {
    /// The root of the service, such as `https://pacs.example.org/dicom-web`.
    public var root: URL
    /// What lets us in, if the server asks for anything.
    public var credentials: Credentials?
    /// The certificate authorities that are trusted instead of the system's, a PEM file.
    public var authorities: URL?
    /// How long connecting may take.
    public var connectTimeout: Duration = .seconds(15)
    /// How long the server may be silent.
    public var readTimeout: Duration = .seconds(60)
    /// How often a failed request is repeated.
    public var retry = RetryPolicy()
    /// How many results are asked for at a time.
    public var pageSize = 500

    /// A configuration with the usual time limits.
    public init(root: URL, credentials: Credentials? = nil, authorities: URL? = nil) {
      self.root = root
      self.credentials = credentials
      self.authorities = authorities
    }
  }

  /// How often queries are repeated, and pulls by `Retrieval`.
  public var retry: RetryPolicy { configuration.retry }

  private let configuration: Configuration
  private let http: HTTPClient

  /// Makes a client; nothing is sent yet.
  ///
  /// - Throws: `PACSError` where the URL is no HTTP URL, or the authorities cannot be read.
  public init(_ configuration: Configuration) throws(PACSError) {
    self.configuration = configuration
    guard ["http", "https"].contains(configuration.root.scheme ?? ""), configuration.root.host() != nil,
      configuration.root.user() == nil, configuration.root.query() == nil
    else {
      throw PACSError(
        .invalidRequest,
        "A DICOMweb URL is like https://HOST/dicom-web, without a user, password or query in it.")
    }
    var settings = HTTPClient.Configuration()
    settings.authorities = configuration.authorities
    settings.connectTimeout = configuration.connectTimeout
    settings.idleTimeout = configuration.readTimeout
    do {
      http = try HTTPClient(settings)
    } catch {
      throw PACSError(.insecure, "\(error).")
    }
  }

  // MARK: QIDO-RS

  /// Asks for one study of no patient.
  public func echo() async throws {
    _ = try await search("studies", [:], returned: [], page: (limit: 1, offset: 0))
  }

  /// The studies that match, page by page.
  public func studies(_ query: StudyQuery) async throws -> [FoundStudy] {
    try await searchAll("studies", try query.matching(), returned: FoundStudy.returned, uid: .studyInstanceUID)
      .compactMap { FoundStudy($0) }.filter(query.accepts)
  }

  /// All series of a study.
  public func series(ofStudy studyInstanceUID: String) async throws -> [FoundSeries] {
    let path = "studies/\(try StudyQuery.uid(studyInstanceUID))/series"
    return try await searchAll(path, [:], returned: FoundSeries.returned, uid: .seriesInstanceUID)
      .compactMap { FoundSeries($0, studyInstanceUID: studyInstanceUID) }
  }

  /// The SOP instance UIDs of a series.
  public func instances(of series: FoundSeries) async throws -> [String] {
    let path = try Self.path(series) + "/instances"
    return try await searchAll(path, [:], returned: [.sopInstanceUID], uid: .sopInstanceUID)
      .compactMap { $0[.sopInstanceUID].flatMap { try? StudyQuery.uid($0) } }
  }

  /// All pages.
  ///
  /// A server may give fewer results a page than it was asked for, or know no offset: the end is a page with nothing new.
  private func searchAll(
    _ path: String, _ matching: [DICOMTag: String], returned: [DICOMTag], uid: DICOMTag
  ) async throws -> [[DICOMTag: String]] {
    var all: [[DICOMTag: String]] = []
    var seen: Set<String> = []
    while true {
      let page = try await search(path, matching, returned: returned, page: (configuration.pageSize, all.count))
      let new = page.filter { seen.insert($0[uid, default: ""]).inserted }
      guard !new.isEmpty else { return all }
      all += new
    }
  }

  private func search(
    _ path: String, _ matching: [DICOMTag: String], returned: [DICOMTag], page: (limit: Int, offset: Int)
  ) async throws -> [[DICOMTag: String]] {
    var items = matching.sorted { $0.key < $1.key }.map { (Self.hexadecimal($0.key), $0.value) }
    items += returned.map { ("includefield", Self.hexadecimal($0)) }
    items += [("limit", "\(page.limit)"), ("offset", "\(page.offset)")]
    let request = request(path, items, accept: "application/dicom+json")
    return try await retry.run { [self] in
      try await answer(to: request, "QIDO-RS") { response in
        guard response.status != 204 else { return [] }
        return try DICOMJSON.dataSets(try await response.body(upTo: 1 << 27))
      }
    }
  }

  // MARK: WADO-RS

  /// Pulls a series in one request, or single instances in one request each.
  public func pull(
    _ series: FoundSeries, only instances: [String]?, receive: @escaping InstanceReceiver
  ) async throws {
    let path = try Self.path(series)
    guard let instances else { return try await pull(path, receive) }
    for instance in instances {
      try await pull("\(path)/instances/\(try StudyQuery.uid(instance))", receive)
    }
  }

  private func pull(_ path: String, _ receive: InstanceReceiver) async throws {
    let accept = "multipart/related; type=\"application/dicom\"; transfer-syntax=*"
    try await answer(to: request(path, [], accept: accept), "WADO-RS") { response in
      var parser = try MultipartParser(contentType: response.header("Content-Type"))
      while let part = try await response.next() {
        try Task.checkCancellation()
        try parser.append(part) { data in
          let instance = Result { () throws(PACSError) in try ReceivedInstance(parsing: data) }
          do { try receive(instance) } catch { throw ReceiverFailure(cause: error) }
        }
      }
      try parser.finish()
    }
  }

  // MARK: HTTP

  private static func path(_ series: FoundSeries) throws(PACSError) -> String {
    let study = try StudyQuery.uid(series.studyInstanceUID)
    return "studies/\(study)/series/\(try StudyQuery.uid(series.seriesInstanceUID))"
  }

  private static func hexadecimal(_ tag: DICOMTag) -> String {
    let digits = String(tag.rawValue, radix: 16, uppercase: true)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }

  private func request(_ path: String, _ items: [(String, String)], accept: String) -> HTTPRequest {
    let query = items.map { name, value in
      "\(name)=\(value.addingPercentEncoding(withAllowedCharacters: Self.unreserved) ?? "")"
    }
    var root = configuration.root.absoluteString
    while root.hasSuffix("/") { root.removeLast() }
    let url = "\(root)/\(path)" + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
    var request = HTTPRequest(url, headers: [("Accept", accept), ("User-Agent", "RenalGrade")])
    if let credentials = configuration.credentials {
      request.headers.append(("Authorization", credentials.header))
    }
    return request
  }

  private static let unreserved = CharacterSet(
    charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

  /// An error of the receiver's, which is none of HTTP's.
  private struct ReceiverFailure: Error {
    let cause: any Error
  }

  /// Sends a request and reads its answer; every failure becomes a `PACSError` that names no URL, as those hold identifiers.
  private func answer<Result: Sendable>(
    to request: HTTPRequest, _ service: String, read: (HTTPResponse) async throws -> Result
  ) async throws -> Result {
    do {
      return try await http.send(request) { response in
        try HTTPFailure.check(response, service)
        return try await read(response)
      }
    } catch let failure as ReceiverFailure {
      throw failure.cause
    } catch {
      if Task.isCancelled { throw CancellationError() }
      throw HTTPFailure.error(error, service)
    }
  }
}
