import Foundation

/// Why a program did not do what it was started for.
public struct SubprocessError: Error, CustomStringConvertible, Equatable, Sendable {
  /// What went wrong.
  public enum Kind: Equatable, Sendable {
    /// The program or its folder is missing, or may not be run: the system's error number.
    case notStarted(Int32)
    /// It ended with this exit status, which is not 0.
    case failed(status: Int32)
    /// This signal ended it.
    case killed(signal: Int32)
    /// It printed more bytes than this, and was killed.
    case outputTooLarge(limit: Int)
    /// It did not end within this time, and was killed.
    case timeLimit(Duration)
    /// The task that waited for it was cancelled, and it was killed.
    case cancelled
  }

  /// The program's name, without its folder.
  public let program: String
  /// What went wrong.
  public let kind: Kind
  /// The end of what it wrote to its standard error.
  public let messages: String

  /// Such as `gnuplot failed with status 1: line 2: undefined variable`.
  public var description: String {
    let reason =
      switch kind {
      case .notStarted(let number): "cannot be started: \(String(cString: strerror(number)))"
      case .failed(let status): "failed with status \(status)"
      case .killed(let signal): "was killed by signal \(signal) (\(String(cString: strsignal(signal))))"
      case .outputTooLarge(let limit): "printed more than \(limit) bytes"
      case .timeLimit(let duration): "did not end within \(duration.components.seconds) seconds"
      case .cancelled: "was cancelled"
      }
    let said = messages.trimmingCharacters(in: .whitespacesAndNewlines)
    return "\(program) \(reason)" + (said.isEmpty ? "" : ": \(said)")
  }
}
