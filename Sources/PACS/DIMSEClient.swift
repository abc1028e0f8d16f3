import DICOM
public import Foundation
import Support

/// A DIMSE client: C-ECHO, C-FIND, C-GET, and C-MOVE where C-GET is refused (PS3.4, study root).
public final class DIMSEClient: PACSClient {
  /// TLS for associations (PS3.15 section B.12): TLS 1.2 or newer, and the PACS's certificate is always checked.
  public struct TLS: Sendable {
    /// The certificate authorities that are trusted, a PEM file.
    public var authorities: URL
    /// Our own certificate, a PEM file, where the PACS wants one.
    public var certificate: URL?
    /// Its private key, a PEM file.
    public var key: URL?

    /// Makes a description from PEM files.
    public init(authorities: URL, certificate: URL? = nil, key: URL? = nil) {
      self.authorities = authorities
      self.certificate = certificate
      self.key = key
    }
  }

  /// Where the PACS is, and how to speak to it.
  public struct Configuration: Sendable {
    /// A name or address.
    public var host: String
    /// Often 104 or 11112.
    public var port: UInt16
    /// The PACS's application entity title, 1 to 16 characters.
    public var calledTitle: String
    /// Our own title, which the PACS must know.
    public var callingTitle: String
    /// Nil: without TLS.
    public var tls: TLS?
    /// Where we listen while the PACS moves to us; nil: there is no C-MOVE.
    public var listeningPort: UInt16?
    /// How long connecting and associating may take.
    public var connectTimeout: Duration = .seconds(15)
    /// How long the PACS may be silent.
    public var answerTimeout: Duration = .seconds(60)
    /// How long one query may take in all.
    public var queryTimeout: Duration = .seconds(600)
    /// How long one series may take in all.
    public var pullTimeout: Duration = .seconds(3600)
    /// How often a failed query is repeated.
    public var retry = RetryPolicy()
    /// The most matches that are accepted for one query, as a limit for a PACS that never ends its answer.
    public var matchLimit = 200_000

    /// A configuration with the usual time limits.
    public init(
      host: String, port: UInt16, calledTitle: String, callingTitle: String, tls: TLS? = nil,
      listeningPort: UInt16? = nil
    ) {
      self.host = host
      self.port = port
      self.calledTitle = calledTitle
      self.callingTitle = callingTitle
      self.tls = tls
      self.listeningPort = listeningPort
    }
  }

  /// How often queries are repeated, and pulls by `Retrieval`.
  public var retry: RetryPolicy { configuration.retry }

  private let configuration: Configuration
  /// The listening port serves one C-MOVE at a time.
  private let listeningPort = NSLock()
  private let isGetRefused = Locked(false)

  /// Makes a client; nothing is sent yet.
  ///
  /// - Throws: `PACSError` where a title is none.
  public init(_ configuration: Configuration) throws(PACSError) {
    for title in [configuration.calledTitle, configuration.callingTitle] {
      _ = try StudyQuery.literal(title, "AE title", upTo: 16)
    }
    guard DICOMLibrary.hasDictionary else {
      throw PACSError(.unsupported, "DCMTK's data dictionary was not found: install libdcmtk17, or set DCMDICTPATH.")
    }
    self.configuration = configuration
  }

  // MARK: Queries

  /// C-ECHO.
  public func echo() async throws {
    try await associated(
      within: configuration.queryTimeout,
      propose: { try $0.propose(StorageSyntaxes.verification, StorageSyntaxes.uncompressed) },
      work: { try $0.echo() })
  }

  /// C-FIND at the level of studies.
  public func studies(_ query: StudyQuery) async throws -> Matches<FoundStudy> {
    let matches = try await find("STUDY", try query.matching(), returned: FoundStudy.returned)
    return Matches(matches, id: \.studyInstanceUID, make: FoundStudy.init).filter(query.accepts)
  }

  /// C-FIND at the level of series.
  public func series(ofStudy studyInstanceUID: String) async throws -> Matches<FoundSeries> {
    let matching = [DICOMTag.studyInstanceUID: try StudyQuery.uid(studyInstanceUID)]
    let matches = try await find("SERIES", matching, returned: FoundSeries.returned)
    return Matches(matches, id: \.seriesInstanceUID) { FoundSeries($0, studyInstanceUID: studyInstanceUID) }
  }

  /// C-FIND at the level of images.
  public func instances(of series: FoundSeries) async throws -> Matches<String> {
    let matches = try await find("IMAGE", try Self.keys(series), returned: [.sopInstanceUID])
    return Matches(matches, id: \.self) { $0[.sopInstanceUID].flatMap { try? StudyQuery.uid($0) } }
  }

  private func find(
    _ level: String, _ matching: [DICOMTag: String], returned: [DICOMTag]
  ) async throws -> [[DICOMTag: String]?] {
    var query = Dictionary(returned.map { ($0, "") }) { first, _ in first }
    query.merge(matching) { $1 }
    query[.queryRetrieveLevel] = level
    if !query.values.allSatisfy({ $0.utf8.allSatisfy { $0 < 0x80 } }) { query[.specificCharacterSet] = "ISO_IR 192" }
    return try await retry.run { [self, query] in
      try await associated(
        within: configuration.queryTimeout,
        propose: { try $0.propose(StorageSyntaxes.studyRootFind, StorageSyntaxes.uncompressed) },
        work: { [limit = configuration.matchLimit] in try $0.find(query, upTo: limit) })
    }
  }

  // MARK: Retrieval

  /// C-GET, or C-MOVE once the PACS refused C-GET and did that instead.
  public func pull(
    _ series: FoundSeries, only instances: [String]?, receive: @escaping InstanceReceiver
  ) async throws {
    var query = try Self.keys(series)
    query[.queryRetrieveLevel] = "SERIES"
    guard let instances else { return try await pull(query, receive) }
    query[.queryRetrieveLevel] = "IMAGE"
    // A list of UIDs, as PS3.4 section C.4.3.1.3.1 allows at this level; some PACS limit its length.
    for start in stride(from: 0, to: instances.count, by: 50) {
      let list = try instances[start..<min(start + 50, instances.count)].map { uid in try StudyQuery.uid(uid) }
      query[.sopInstanceUID] = list.joined(separator: "\\")
      try await pull(query, receive)
    }
  }

  private func pull(_ query: [DICOMTag: String], _ receive: @escaping InstanceReceiver) async throws {
    if !isGetRefused.withLock({ $0 }) {
      let sent = Locked(false)
      do {
        return try await pull(query, by: .get) { delivery in
          sent.withLock { $0 = true }
          try receive(delivery)
        }
      } catch let error as PACSError where Self.mayRefuseGet(error) && !sent.withLock({ $0 }) {
        guard configuration.listeningPort != nil else {
          throw PACSError(
            error.kind,
            "\(error) If the PACS offers no C-GET, give a port to listen on, for C-MOVE; the PACS must know it with our AE "
              + "title.")
        }
      }
    }
    try await pull(query, by: .move, receive)
    isGetRefused.withLock { $0 = true }
  }

  /// Some PACS do not accept the service, some accept it and then answer with a failure, or abort.
  private static func mayRefuseGet(_ error: PACSError) -> Bool {
    [.unsupported, .interrupted, .server].contains(error.kind)
  }

  private func pull(
    _ query: [DICOMTag: String], by service: DIMSEAssociation.Service, _ receive: @escaping InstanceReceiver
  ) async throws {
    let isMove = service == .move
    try await associated(
      within: configuration.pullTimeout, listening: isMove,
      propose: {
        let sopClass = isMove ? StorageSyntaxes.studyRootMove : StorageSyntaxes.studyRootGet
        try $0.propose(sopClass, StorageSyntaxes.uncompressed)
        try $0.proposeStorage()
      },
      work: { try $0.pull(query, by: service, receive: receive) })
  }

  private static func keys(_ series: FoundSeries) throws(PACSError) -> [DICOMTag: String] {
    [
      .studyInstanceUID: try StudyQuery.uid(series.studyInstanceUID),
      .seriesInstanceUID: try StudyQuery.uid(series.seriesInstanceUID),
    ]
  }

  // MARK: Associations

  /// Opens an association, works with it on a thread of its own, and releases it; a cancelled task aborts it.
  private func associated<Result: Sendable>(
    within limit: Duration, listening: Bool = false,
    propose: @escaping @Sendable (DIMSEAssociation) throws -> Void,
    work: @escaping @Sendable (DIMSEAssociation) throws -> Result
  ) async throws -> Result {
    let association = try DIMSEAssociation()
    let call = AbandonableCall<Result>()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        call.begin(continuation)
        Thread.detachNewThread { [configuration, listeningPort] in
          call.finish(
            Swift.Result {
              if listening { listeningPort.lock() }
              defer { if listening { listeningPort.unlock() } }
              // Before the next one begins, which may listen on the same port.
              defer { association.close() }
              DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(Int(limit / .milliseconds(1)))) {
                [weak association] in
                association?.stop(.tooSlow)
              }
              try propose(association)
              try association.connect(configuration, listening: listening)
              try call.commit()
              let result = try work(association)
              association.release()
              return result
            })
        }
      }
    } onCancel: {
      association.stop(.cancelled)
      call.abandon()
    }
  }
}

/// A call on a thread of its own, which its caller need not wait for while it has no effect yet.
///
/// Making a connection cannot be interrupted; the thread ends by itself once the connection is there or its time is over.
private final class AbandonableCall<Value: Sendable>: Sendable {
  private struct State {
    var continuation: CheckedContinuation<Value, any Error>?
    var isAbandoned = false
    var isCommitted = false
  }

  private let state = Locked(State())

  func begin(_ continuation: CheckedContinuation<Value, any Error>) {
    let isAbandoned = state.withLock { state in
      if !state.isAbandoned { state.continuation = continuation }
      return state.isAbandoned
    }
    if isAbandoned { continuation.resume(throwing: CancellationError()) }
  }

  /// From now on the caller waits for the end; throws where it does so no more.
  func commit() throws {
    let isAbandoned = state.withLock { state in
      state.isCommitted = true
      return state.isAbandoned
    }
    if isAbandoned { throw CancellationError() }
  }

  /// Lets the caller go on at once, unless the call has begun to have effects.
  func abandon() {
    let continuation = state.withLock { state -> CheckedContinuation<Value, any Error>? in
      guard !state.isCommitted else { return nil }
      state.isAbandoned = true
      defer { state.continuation = nil }
      return state.continuation
    }
    continuation?.resume(throwing: CancellationError())
  }

  func finish(_ result: Result<Value, any Error>) {
    let continuation = state.withLock { state in
      defer { state.continuation = nil }
      return state.continuation
    }
    continuation?.resume(with: result)
  }
}
