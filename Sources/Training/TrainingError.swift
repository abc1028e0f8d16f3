/// What keeps a network from being trained: what was wrong and what to do.
public struct TrainingError: Error, CustomStringConvertible, Equatable, Sendable {
  /// One or more sentences for the person at the terminal.
  public let description: String

  /// Makes an error from its sentence.
  public init(_ description: String) { self.description = description }
}
