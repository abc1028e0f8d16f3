/// Why an archive cannot be read or unpacked.
public struct ArchiveError: Error, CustomStringConvertible, Equatable, Sendable {
  /// What kind of obstacle it is.
  public enum Kind: Sendable {
    /// The file is no archive of the expected format, is cut off, or is damaged.
    case damaged
    /// The archive asks for a password.
    case encrypted
    /// Its members take more room than an archive of its size can hold.
    case tooLarge
    /// A member cannot be written where it should go.
    case cannotWrite
  }

  /// What kind of obstacle it is.
  public let kind: Kind
  /// What was expected and found, without the archive's name and those of its members.
  public let description: String

  /// Makes an error from its kind and its sentence, which names neither the archive nor a member.
  public init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}
