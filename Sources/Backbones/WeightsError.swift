/// Why weights are unavailable.
public struct WeightsError: Error, CustomStringConvertible, Equatable, Sendable {
  /// What kind of obstacle it is.
  public enum Kind: Sendable {
    /// The server cannot be reached, or the connection broke again and again.
    case network
    /// The server answers, but does not give the file.
    case server
    /// The bytes are not those that were published.
    case wrongHash
    /// The disk is full, or a file cannot be read or written.
    case file
    /// The file is not in the cache.
    case missing
  }

  /// What kind of obstacle it is.
  public let kind: Kind
  /// What was expected and found, and what to do.
  public let description: String

  /// Makes an error from its sentences.
  public init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}
