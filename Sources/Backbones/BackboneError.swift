/// A backbone that is not there, weights that do not fit, or a stage that does not exist.
public struct BackboneError: Error, CustomStringConvertible, Equatable, Sendable {
  /// What was expected and found, and what to do.
  public let description: String

  /// Makes an error from its sentences.
  public init(_ description: String) { self.description = description }
}
