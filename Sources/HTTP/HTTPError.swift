/// Why a request has no answer, or none that is whole.
///
/// A description names the host at most, never the path or query of a URL: those may hold identifiers.
public struct HTTPError: Error, CustomStringConvertible, Equatable, Sendable {
  /// The kind of failure, for a caller that reacts to one of them.
  public enum Kind: Equatable, Sendable {
    /// The host has no address, or refuses the connection.
    case unreachable
    /// The connection was not made in time.
    case connectTimeout
    /// The server was silent for too long.
    case idleTimeout
    /// The whole exchange took too long.
    case timeLimit
    /// TLS failed, the server's certificate is not accepted, or the authorities' file holds none.
    case insecure
    /// The connection ended before the answer did.
    case interrupted
    /// The URL is none, or the answer is no HTTP.
    case malformed
    /// The body is longer than the caller takes.
    case tooLong
  }

  /// The kind of failure.
  public let kind: Kind
  /// What happened, without a full stop at the end.
  public let description: String

  /// Makes an error from its kind and what happened.
  public init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}
