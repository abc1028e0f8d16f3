/// What can go wrong between this program and a PACS: where, and what to do.
///
/// No description holds a patient identifier.
public struct PACSError: Error, CustomStringConvertible, Equatable, Sendable {
  /// The kind of failure, for a caller that reacts to one of them.
  public enum Kind: Equatable, Sendable {
    /// What was asked for cannot be asked: a malformed identifier, URL or list.
    case invalidRequest
    /// No connection to the host and port.
    case unreachable
    /// TLS could not be set up, or the server's certificate was not accepted.
    case insecure
    /// The PACS does not let us in, or not do this: 401, 403, a rejected association.
    case refused
    /// The PACS does not offer the service.
    case unsupported
    /// The PACS stopped answering while a list was retrieved.
    case gone
    /// The PACS did not answer in time.
    case timeout
    /// The PACS answered, but not to the end in the time that a whole answer may take.
    case tooSlow
    /// The connection ended before the answer did.
    case interrupted
    /// The PACS is busy or failed: 429, 5xx, a DIMSE failure status.
    case server
    /// The PACS's answer is not what the standard says.
    case malformed
    /// What was received cannot be stored: no space, no permission.
    case storage
    /// An instance is damaged, or not the one that was announced.
    case badInstance
  }

  /// The kind of failure.
  public let kind: Kind
  /// One or more sentences for the person at the terminal.
  public let description: String
  /// How long the server asks to wait before another attempt.
  public let retryAfter: Duration?

  /// Makes an error from its kind and its sentence.
  public init(_ kind: Kind, _ description: String, retryAfter: Duration? = nil) {
    self.kind = kind
    self.description = description
    self.retryAfter = retryAfter
  }

  /// Whether another attempt may succeed.
  public var isTransient: Bool {
    switch kind {
    case .unreachable, .timeout, .interrupted, .server: true
    case .gone, .tooSlow, .invalidRequest, .insecure, .refused, .unsupported, .malformed, .storage, .badInstance: false
    }
  }

  /// Whether the PACS itself may have gone, which another question tells.
  var mayMeanGone: Bool { isTransient || kind == .tooSlow }

  /// Whether every other request would fail for the same reason, so that a retrieval had better stop.
  var stopsAll: Bool {
    switch kind {
    case .gone, .insecure, .refused, .storage: true
    default: false
    }
  }
}
