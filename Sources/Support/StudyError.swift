/// What can go wrong with the files and tables of a study: where, what was expected and found, and what to do.
public struct StudyError: Error, CustomStringConvertible, Equatable, Sendable {
  /// The kind of failure, for a caller that reacts to one of them.
  public enum Kind: Equatable, Sendable {
    /// The protocol file is not valid.
    case invalidProtocol
    /// A table (CSV or TSV) cannot be read at all.
    case invalidTable
    /// A file or folder cannot be read or written.
    case file
    /// The folder is not a study, or one of another version.
    case notAStudy
    /// Another process works on the study.
    case locked
    /// A fold shares a patient, exam, slice or image with its training part, or folds cannot be made.
    case folds
    /// A run is missing or damaged.
    case run
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
