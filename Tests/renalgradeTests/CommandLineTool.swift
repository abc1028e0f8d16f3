import Foundation
import Support
import Testing

/// The `renalgrade` that was built beside the tests, run as a user runs it.
struct CommandLineTool {
  struct Result {
    let status: Int32
    let output: String
    let error: String
  }

  static let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent().appendingPathComponent("renalgrade")

  static let packageRoot = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Runs `renalgrade` with the given arguments, or `wrapper` with `renalgrade` and them at its end.
  static func run(
    _ arguments: [String], wrapper: [String] = [], environment: [String: String] = [:]
  ) throws -> Result {
    try run(command: wrapper + [executable.path] + arguments, environment)
  }

  /// Runs a line of shell script.
  static func shell(_ script: String) throws -> Result { try run(command: ["sh", "-c", script], [:]) }

  private static func run(command: [String], _ environment: [String: String]) throws -> Result {
    let program = Subprocess(URL(fileURLWithPath: "/usr/bin/env"), command, in: packageRoot, environment: environment)
    let outcome = try program.result(outputLimit: 1 << 26, timeLimit: .seconds(3600))
    let status =
      switch outcome.ending {
      case .exited(let status): status
      case .killed(let signal): 128 + signal
      }
    return Result(status: status, output: String(decoding: outcome.output, as: UTF8.self), error: outcome.messages)
  }

  /// Runs `renalgrade` and kills it at some time in that many milliseconds, unless it ends before.
  static func runAndKill(_ arguments: [String], within milliseconds: ClosedRange<Int> = 200...2000) throws {
    do throws(SubprocessError) {
      let time = Duration.milliseconds(Int.random(in: milliseconds))
      _ = try Subprocess(executable, arguments, in: packageRoot).result(timeLimit: time)
    } catch {
      guard case .timeLimit = error.kind else { throw error }
    }
  }

  /// Runs `renalgrade` and requires that it succeeds.
  @discardableResult
  static func succeed(_ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation) throws -> String {
    let result = try run(arguments)
    try #require(
      result.status == 0, "\(arguments.joined(separator: " ")): \(result.error)", sourceLocation: sourceLocation)
    return result.output
  }

  /// Runs `renalgrade` and requires that it fails with a message and not by a signal.
  static func fail(
    _ arguments: String..., environment: [String: String] = [:], sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> String {
    let result = try run(arguments, environment: environment)
    #expect(result.status != 0 && result.status < 128, sourceLocation: sourceLocation)
    return result.error
  }
}
