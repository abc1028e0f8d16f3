public import Foundation
import Support

/// Many mutated files for one reader, and what became of them.
public struct FuzzRun: Sendable {
  /// A file that ended the process.
  public struct Finding: Sendable, CustomStringConvertible {
    /// Its number.
    public let index: Int
    /// Its bytes' number.
    public let size: Int
    /// `crash`, with the signal and the last line of what it said, or `hang`.
    public let what: String
    /// Where a copy was kept.
    public let copy: URL

    /// One line.
    public var description: String { "input \(index) (\(size) bytes): \(what); kept as \(copy.path)" }
  }

  /// The reader.
  public let reader: String
  /// How many files it was given.
  public let inputs: Int
  /// Those that ended the process.
  public private(set) var findings: [Finding] = []
  /// The most by which memory grew for one file, in bytes.
  public private(set) var peak = 0
  /// The longest that one file took, in milliseconds.
  public private(set) var slowest = 0

  /// Such as `nifti: 2000 inputs, 0 crashes, 0 hangs, at most 3 MiB and 0.1 s`.
  public var description: String {
    let hangs = findings.count { $0.what == "hang" }
    return "\(reader): \(inputs) inputs, \(findings.count - hangs) crashes, \(hangs) hangs, at most \(peak >> 20) MiB "
      + String(format: "and %.1f s", Double(slowest) / 1000)
  }

  /// Gives the reader `inputs` files, in processes that `program child READER SEED FIRST END` starts.
  ///
  /// Those that end one are kept in `folder`.
  /// - Throws: what keeps it from reading any.
  public init(_ target: FuzzTarget, inputs: Int, seed: UInt64, program: URL, keepingIn folder: URL) throws {
    reader = target.name
    self.inputs = inputs
    let files = try FuzzChild(target, seed: seed)
    var next = 0
    while next < inputs {
      let child = Subprocess(
        program, ["child", target.name, "\(seed)", "\(next)", "\(inputs)"],
        environment: ["MALLOC_ARENA_MAX": "1", "OMP_NUM_THREADS": "1", "SWIFT_BACKTRACE": "enable=no"])
      let outcome = try child.result(outputLimit: 1 << 26, timeLimit: .seconds(3600))
      // Of each file its number, its size, by how much memory grew, and the milliseconds.
      let lines = String(decoding: outcome.output, as: UTF8.self).split(separator: "\n")
        .map { $0.split(separator: " ").compactMap { Double($0).flatMap { Int(exactly: $0.rounded()) } } }
      peak = max(peak, lines.compactMap { $0.count == 4 ? $0[2] : nil }.max() ?? 0)
      slowest = max(slowest, lines.compactMap { $0.count == 4 ? $0[3] : nil }.max() ?? 0)
      if outcome.ending == .exited(status: 0) { break }
      guard let last = lines.last, last.count == 2 else {
        throw StudyError(.file, "\(program.lastPathComponent) cannot read for \(reader): \(outcome.messages)")
      }
      let input = files.file(last[0])
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let copy = folder.appendingPathComponent("\(reader)-\(seed)-\(last[0])-\(input.name)")
      try Data(input.bytes).write(to: copy)
      findings.append(
        Finding(index: last[0], size: last[1], what: Self.what(outcome.ending, outcome.messages), copy: copy))
      next = last[0] + 1
    }
  }

  private static func what(_ ending: Subprocess.Outcome.Ending, _ messages: String) -> String {
    let said = messages.split(separator: "\n").last.map { ": \($0)" } ?? ""
    return switch ending {
    case .killed(signal: SIGPROF): "hang"
    case .killed(let signal): "crash by signal \(signal)\(said)"
    case .exited(let status): "crash with status \(status)\(said)"
    }
  }
}
