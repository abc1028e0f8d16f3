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
    /// The credentials, if the server requires any.
    public var credentials: Credentials?
    /// Whether the credentials may be sent unencrypted, over `http`, to another host than this one.
    public var allowsCredentialsOverHTTP = false
    /// The certificate authorities that are trusted instead of the system's, a PEM file.
    public var authorities: URL?
    /// How long connecting may take.
    public var connectTimeout: Duration = .seconds(15)
    /// How long the server may be silent.
    public var readTimeout: Duration = .seconds(60)
    /// How long one page of matches may take in all.
    public var queryTimeout: Duration = .seconds(600)
    /// How long one series, or one instance, may take in all.
    public var pullTimeout: Duration = .seconds(3600)
    /// How often a failed request is repeated.
    public var retry = RetryPolicy()
    /// How many results are asked for at a time.
    public var pageSize = 500
    /// The most matches that are accepted for one query, as a limit for a PACS that never ends its answer.
    public var matchLimit = 200_000

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
  /// Whether the root was seen to be that of a DICOMweb service.
  private let isService = Locked(false)

  /// Makes a client; nothing is sent yet.
  ///
  /// - Throws: `PACSError` where the URL is no HTTP URL, the authorities cannot be read, or credentials would be sent unencrypted.
  public init(_ configuration: Configuration) throws(PACSError) {
    self.configuration = configuration
    let root = configuration.root
    guard ["http", "https"].contains(root.scheme?.lowercased() ?? ""), let host = root.host(), !host.isEmpty,
      root.user() == nil, root.query() == nil
    else {
      throw PACSError(
        .invalidRequest,
        "A DICOMweb URL must look like https://HOST/dicom-web, without a user, password or query.")
    }
    if configuration.credentials != nil, !configuration.allowsCredentialsOverHTTP,
      root.scheme?.lowercased() == "http", !Credentials.isThisMachine(host)
    {
      throw PACSError(
        .insecure,
        "The credentials would be sent unencrypted, because the URL begins with http://. Use https://, or allow it with --credentials-over-http."
      )
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
    guard try await page("studies", [:], returned: [], limit: 1, offset: 0) != nil else {
      throw HTTPFailure.noService("QIDO-RS")
    }
  }

  /// The studies that match, page by page.
  public func studies(_ query: StudyQuery) async throws -> Matches<FoundStudy> {
    let matches = try await search(
      "studies", try query.matching(), returned: FoundStudy.returned, uid: .studyInstanceUID)
    return Matches(matches, id: \.studyInstanceUID, make: FoundStudy.init).filter(query.accepts)
  }

  /// All series of a study.
  public func series(ofStudy studyInstanceUID: String) async throws -> Matches<FoundSeries> {
    let path = "studies/\(try StudyQuery.uid(studyInstanceUID))/series"
    let matches = try await search(path, [:], returned: FoundSeries.returned, uid: .seriesInstanceUID)
    return Matches(matches, id: \.seriesInstanceUID) { FoundSeries($0, studyInstanceUID: studyInstanceUID) }
  }

  /// The SOP instance UIDs of a series.
  public func instances(of series: FoundSeries) async throws -> Matches<String> {
    let path = try Self.path(series) + "/instances"
    let matches = try await search(path, [:], returned: [.sopInstanceUID], uid: .sopInstanceUID)
    return Matches(matches, id: \.self) { $0[.sopInstanceUID].flatMap { try? StudyQuery.uid($0) } }
  }

  /// One page of matches, as the server gave them.
  private struct Page: Sendable {
    var matches: [[DICOMTag: String]?] = []
    /// Whether the server says that there are more matches than it gives (PS3.18 section 8.3.4.4).
    var isCapped = false
  }

  /// All pages.
  ///
  /// A server may give fewer results a page than it was asked for, repeat some, or know no offset: the end is a page with
  /// nothing new.
  private func search(
    _ path: String, _ matching: [DICOMTag: String], returned: [DICOMTag], uid: DICOMTag
  ) async throws -> [[DICOMTag: String]?] {
    var all: [[DICOMTag: String]?] = []
    var seen: Set<String> = []
    var received = 0
    while true {
      let page = try await retry.run { [received, self] () -> Page? in
        try await self.page(path, matching, returned: returned, limit: configuration.pageSize, offset: received)
      }
      guard let page else {
        try await requireService()
        return all
      }
      guard !page.matches.isEmpty else { return all }
      // What cannot be used is counted with the page that it first came in.
      let unusable = page.matches.filter { ($0?[uid] ?? "").isEmpty }
      let new = page.matches.filter { match in
        guard let uid = match?[uid], !uid.isEmpty else { return false }
        return seen.insert(uid).inserted
      }
      if new.isEmpty {
        guard received > 0 else { return unusable }
        guard page.matches.count < configuration.pageSize, !page.isCapped else {
          throw PACSError(
            .malformed,
            "QIDO-RS: the server repeats its first \(seen.count) matches and returns no others, although there may be more."
          )
        }
        return all
      }
      all.append(contentsOf: new + unusable)
      received += page.matches.count
      guard all.count <= configuration.matchLimit else {
        throw Matches<String>.tooMany(configuration.matchLimit, "QIDO-RS")
      }
    }
  }

  /// One page of matches; nil where the server says that it is not there.
  private func page(
    _ path: String, _ matching: [DICOMTag: String], returned: [DICOMTag], limit: Int, offset: Int
  ) async throws -> Page? {
    var items = matching.sorted { $0.key < $1.key }.map { (Self.hexadecimal($0.key), $0.value) }
    items += returned.map { ("includefield", Self.hexadecimal($0)) }
    items += [("limit", "\(limit)"), ("offset", "\(offset)")]
    let request = request(path, items, accept: "application/dicom+json", timeLimit: configuration.queryTimeout)
    return try await answer(to: request, "QIDO-RS") { [isService] response in
      guard response.status != 404 else { return nil }
      try HTTPFailure.check(response, "QIDO-RS")
      var page = Page(isCapped: response.header("Warning")?.hasPrefix("299") ?? false)
      if response.status != 204 {
        let body = try await response.body(upTo: 1 << 26)
        if body.isEmpty, MediaType(response.header("Content-Type"))?.name == "text/html" {
          throw HTTPFailure.noService("QIDO-RS")
        }
        page.matches = try DICOMJSON.dataSets(body)
      }
      isService.withLock { $0 = true }
      return page
    }
  }

  /// Some servers answer 404 where nothing matches, others where there is no service at all.
  private func requireService() async throws {
    guard !isService.withLock({ $0 }) else { return }
    try await retry.run { [self] in try await echo() }
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

  private func pull(_ path: String, _ receive: @escaping InstanceReceiver) async throws {
    let accept = "multipart/related; type=\"application/dicom\"; transfer-syntax=*"
    let request = request(path, [], accept: accept, timeLimit: configuration.pullTimeout)
    try await answer(to: request, "WADO-RS") { response in
      try HTTPFailure.check(response, "WADO-RS")
      guard response.status != 204 else { return }
      let type = MediaType(response.header("Content-Type"))
      // Some servers send a single instance as it is.
      if type?.name == "application/dicom" {
        return try await Self.deliver(.success(try await response.body(upTo: MultipartParser.largestPart)), receive)
      }
      var parser = try MultipartParser(type)
      while let piece = try await response.next() {
        for part in try parser.append(piece) {
          try Task.checkCancellation()
          try await Self.deliver(part, receive)
        }
      }
      try parser.finish()
    }
  }

  /// Hands over what a part holds; the receiver writes to disk.
  private static func deliver(_ part: Result<Data, PACSError>, _ receive: @escaping InstanceReceiver) async throws {
    do {
      try await onOwnThread {
        try receive(part.flatMap { data in Result { () throws(PACSError) in try ReceivedInstance(parsing: data) } })
      }
    } catch {
      throw ReceiverFailure(cause: error)
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

  private func request(
    _ path: String, _ items: [(String, String)], accept: String, timeLimit: Duration
  ) -> HTTPRequest {
    let query = items.map { name, value in
      "\(name)=\(value.addingPercentEncoding(withAllowedCharacters: Self.unreserved) ?? "")"
    }
    var root = configuration.root.absoluteString
    while root.hasSuffix("/") { root.removeLast() }
    let url = "\(root)/\(path)" + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
    var request = HTTPRequest(
      url, headers: [("Accept", accept), ("User-Agent", "RenalGrade")], timeLimit: timeLimit)
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
      return try await http.send(request, read)
    } catch let failure as ReceiverFailure {
      throw failure.cause
    } catch {
      if Task.isCancelled { throw CancellationError() }
      throw HTTPFailure.error(error, service)
    }
  }
}
