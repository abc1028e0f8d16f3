public import Foundation

/// Another program that is run to its end, without a shell.
///
/// It reads from `/dev/null` and inherits no open file. It has a process group of its own, which is killed as a whole where
/// the program outstays its limits or the task that waits for it is cancelled.
public struct Subprocess: Sendable {
  /// How a program ended, and what it wrote.
  public struct Outcome: Sendable {
    /// The way it ended.
    public enum Ending: Equatable, Sendable {
      /// With an exit status.
      case exited(status: Int32)
      /// By a signal.
      case killed(signal: Int32)
    }

    /// The way it ended.
    public let ending: Ending
    /// What it wrote to its standard output; empty where that was not asked for.
    public let output: Data
    /// The last 64 KiB of what it wrote to its standard error.
    public let messages: String
  }

  private let program: URL
  private let arguments: [String]
  private let folder: URL?
  private let environment: [String: String]

  /// Describes a run; nothing is started.
  ///
  /// - Parameters:
  ///   - program: the program's file.
  ///   - arguments: its arguments, without its name.
  ///   - folder: where it runs; nil is the current folder.
  ///   - environment: what it finds in its environment besides what this process has.
  public init(
    _ program: URL, _ arguments: [String], in folder: URL? = nil, environment: [String: String] = [:]
  ) {
    self.program = program
    self.arguments = arguments
    self.folder = folder
    self.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
  }

  /// The file of the first of several programs that is on the PATH.
  ///
  /// - Parameters:
  ///   - names: the names that the program goes by, the preferred one first.
  ///   - path: folders separated by colons; nil takes the environment's PATH.
  /// - Returns: its file; nil where none is there.
  public static func find(_ names: String..., path: String? = nil) -> URL? {
    let path = path ?? ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    let folders = path.split(separator: ":")
    return names.lazy.flatMap { name in folders.map { "\($0)/\(name)" } }
      .first { FileManager.default.isExecutableFile(atPath: $0) }.map { URL(fileURLWithPath: $0) }
  }

  /// Runs the program, which must succeed.
  ///
  /// - Parameters:
  ///   - outputLimit: how many bytes it may write to its standard output; nil sends them to `/dev/null`.
  ///   - timeLimit: how long it may take.
  /// - Returns: what it wrote.
  /// - Throws: `SubprocessError`, also where its exit status is not 0 or a signal ended it.
  @discardableResult
  public func run(
    outputLimit: Int? = nil, timeLimit: Duration = .seconds(600)
  ) throws(SubprocessError) -> Outcome {
    let outcome = try result(outputLimit: outputLimit, timeLimit: timeLimit)
    switch outcome.ending {
    case .exited(status: 0): return outcome
    case .exited(let status): throw error(.failed(status: status), outcome.messages)
    case .killed(let signal): throw error(.killed(signal: signal), outcome.messages)
    }
  }

  /// Runs the program to its end, however it ends.
  ///
  /// - Parameters:
  ///   - outputLimit: how many bytes it may write to its standard output; nil sends them to `/dev/null`.
  ///   - timeLimit: how long it may take.
  /// - Returns: how it ended, and what it wrote.
  /// - Throws: `SubprocessError` where it cannot be started, or was killed for its limits or a cancellation.
  public func result(
    outputLimit: Int? = nil, timeLimit: Duration = .seconds(600)
  ) throws(SubprocessError) -> Outcome {
    let end = ContinuousClock.now + timeLimit
    let messages = try pipe(keeping: .last(1 << 16))
    let output: SubprocessPipe? = if let outputLimit { try pipe(keeping: .first(outputLimit)) } else { nil }
    let pipes = [messages] + (output.map { [$0] } ?? [])
    let identifier = try start(output: output?.input, messages: messages.input)
    pipes.forEach { $0.closeInput() }
    func reasonToKill() -> SubprocessError.Kind? {
      if let outputLimit, output?.isOverfull == true { return .outputTooLarge(limit: outputLimit) }
      if ContinuousClock.now >= end { return .timeLimit(timeLimit) }
      return Task.isCancelled ? .cancelled : nil
    }

    var status: Int32 = 0
    // A descendant may hold the pipes open, so that only the program's own end counts.
    while waitpid(identifier, &status, WNOHANG) != identifier {
      if let reason = reasonToKill() {
        kill(-identifier, SIGKILL)
        while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
        throw error(reason, messages)
      }
      SubprocessPipe.wait(for: pipes)
      pipes.forEach { $0.take() }
    }
    pipes.forEach { $0.takeRest() }
    if let outputLimit, output?.isOverfull == true { throw error(.outputTooLarge(limit: outputLimit), messages) }
    // As WIFSIGNALED and WEXITSTATUS of <sys/wait.h>, which are macros.
    let signal = status & 0x7F
    return Outcome(
      ending: signal == 0 ? .exited(status: status >> 8 & 0xFF) : .killed(signal: signal),
      output: Data(output?.bytes ?? []), messages: String(decoding: messages.bytes, as: UTF8.self))
  }

  private func pipe(keeping part: SubprocessPipe.Part) throws(SubprocessError) -> SubprocessPipe {
    guard let pipe = SubprocessPipe(keeping: part) else { throw error(.notStarted(errno)) }
    return pipe
  }

  private func error(_ kind: SubprocessError.Kind, _ messages: SubprocessPipe) -> SubprocessError {
    error(kind, String(decoding: messages.bytes, as: UTF8.self))
  }

  private func error(_ kind: SubprocessError.Kind, _ messages: String = "") -> SubprocessError {
    SubprocessError(program: program.lastPathComponent, kind: kind, messages: messages)
  }

  /// Starts the program with these ends of pipes, and gives its process identifier.
  private func start(output: Int32?, messages: Int32) throws(SubprocessError) -> pid_t {
    do throws(ProcessStart.Failure) {
      return try ProcessStart.run(
        program.path, arguments, output: output, messages: messages, in: folder?.path, environment)
    } catch {
      throw self.error(.notStarted(error.number))
    }
  }
}
