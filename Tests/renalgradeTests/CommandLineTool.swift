import Foundation
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
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.currentDirectoryURL = packageRoot
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("renalgrade-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    // Files rather than pipes: a pipe that nobody empties would block a talkative command.
    let streams = try ["output", "error"].map { name in
      let url = folder.appendingPathComponent(name)
      try Data().write(to: url)
      return (url, try FileHandle(forWritingTo: url))
    }
    process.standardOutput = streams[0].1
    process.standardError = streams[1].1
    try process.run()
    process.waitUntilExit()
    return Result(
      status: process.terminationStatus, output: try String(contentsOf: streams[0].0, encoding: .utf8),
      error: try String(contentsOf: streams[1].0, encoding: .utf8))
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
