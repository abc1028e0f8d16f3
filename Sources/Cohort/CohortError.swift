/// What can go wrong with a cohort: where, what was expected and found, and what to do.
public struct CohortError: Error, CustomStringConvertible, Equatable, Sendable {
  /// The kind of failure, for a caller that reacts to one of them.
  public enum Kind: Equatable, Sendable {
    /// The protocol has no `cohort` section.
    case noRules
    /// The study has no selection yet, or one that cannot be read.
    case noSelection
    /// A table's numbers contradict one another.
    case contradiction
    /// A figure cannot be drawn.
    case figure
  }

  /// The kind of failure.
  public let kind: Kind
  /// One or more sentences for the person at the terminal.
  public let description: String

  /// Makes an error from its kind and its sentence.
  public init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}
