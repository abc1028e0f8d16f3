/// Why a patient of a public cohort, or a part of one, cannot be taken.
///
/// The sentence names no file and no patient, because it appears in reports; the list entry adds what it is about.
public struct PublicCohortError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What was expected, what was found, and what to do.
  public let description: String

  init(_ description: String) { self.description = description }
}
