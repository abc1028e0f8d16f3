import CCrypto
public import Foundation
import Support

/// A client of HTTP/1.1 over libcurl; it keeps connections open between its requests.
///
/// Each exchange runs on a thread of its own, so that nothing waits on the threads that Swift's tasks share.
public final class HTTPClient: Sendable {
  /// How a client connects, and how long it waits.
  public struct Configuration: Sendable {
    /// The certificate authorities that are trusted instead of the system's, a PEM file.
    public var authorities: URL?
    /// How many redirects are followed; with 0, a redirect is an answer like any other.
    public var redirects = 0
    /// How long connecting may take, TLS included.
    public var connectTimeout: Duration = .seconds(15)
    /// How long the server may be silent.
    public var idleTimeout: Duration = .seconds(60)

    /// A configuration that trusts the system's authorities and follows no redirect.
    public init() {}
  }

  private let configuration: Configuration
  private let idle = Idle()

  /// Handles that no exchange uses.
  private final class Idle: Sendable {
    private let handles = Locked<[CurlHandle]>([])

    func take() -> CurlHandle? { handles.withLock { $0.popLast() } }
    func give(_ handle: CurlHandle) { handles.withLock { $0.append(handle) } }
  }

  /// Makes a client; nothing is sent yet.
  ///
  /// - Throws: `HTTPError` of kind `.insecure` where the authorities' file holds no certificates.
  public init(_ configuration: Configuration = Configuration()) throws(HTTPError) {
    self.configuration = configuration
    if let authorities = configuration.authorities, !Self.holdsCertificates(authorities) {
      throw HTTPError(.insecure, "\(authorities.path) contains no certificates in PEM format")
    }
  }

  /// Sends a request, and gives the answer to `read` as soon as its header is there, whatever its status.
  ///
  /// What `read` leaves of the body is not fetched.
  /// - Throws: `HTTPError` where there is no answer, `CancellationError` where the task is cancelled, which ends the exchange
  ///   at once, and what `read` throws.
  public func send<Result>(
    _ request: HTTPRequest, _ read: (HTTPResponse) async throws -> Result
  ) async throws -> Result {
    let handle = try idle.take() ?? CurlHandle()
    let transfer = Transfer { handle.interrupt() }
    Thread.detachNewThread { [configuration, idle] in
      let end = handle.run(request, configuration, transfer)
      // Before the end is told, so that the next request finds the open connection.
      idle.give(handle)
      transfer.finish(end)
    }
    return try await withTaskCancellationHandler {
      defer { transfer.cancel() }
      let head = try await transfer.head()
      return try await read(HTTPResponse(status: head.status, headers: head.headers, transfer: transfer))
    } onCancel: {
      transfer.cancel()
    }
  }

  /// Whether a file is one or more certificates in PEM form, all of them sound.
  private static func holdsCertificates(_ file: URL) -> Bool {
    guard let input = BIO_new_file(file.path, "r") else { return false }
    defer {
      BIO_free(input)
      ERR_clear_error()
    }
    var count = 0
    while let certificate = PEM_read_bio_X509(input, nil, nil, nil) {
      X509_free(certificate)
      count += 1
    }
    return count > 0 && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE
  }
}
