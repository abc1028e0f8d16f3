/// Why features cannot be computed.
public struct RadiomicsError: Error, Equatable, CustomStringConvertible {
  /// What was expected and found, and what to do, in a sentence.
  public let description: String

  /// States a reason.
  public init(_ description: String) { self.description = description }
}
