/// Why a file of weights cannot be read or written: the file's name, the byte where known, and what is wrong there.
public struct CheckpointError: Error, CustomStringConvertible, Equatable, Sendable {
  /// The file's name, without its folder.
  public let file: String
  /// The byte from the start of the file that the reason speaks of; nil where it speaks of the whole file.
  public let position: Int?
  /// What was expected and found.
  public let reason: String

  /// Makes an error from its parts.
  public init(file: String, position: Int? = nil, _ reason: String) {
    self.file = file
    self.position = position
    self.reason = reason
  }

  /// Such as `resnet50.pth, byte 1234: the file ends within a string`.
  public var description: String {
    guard let position else { return "\(file): \(reason)" }
    return "\(file), byte \(position): \(reason)"
  }
}
