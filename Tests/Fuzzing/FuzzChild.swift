import Foundation
import Support

/// Reads mutated files one after the other, each within limits that end the process.
public struct FuzzChild {
  private let target: FuzzTarget
  private let seed: UInt64
  private let sources: [FuzzTarget.Source]

  /// Takes the reader's whole files.
  public init(_ target: FuzzTarget, seed: UInt64) throws {
    self.target = target
    self.seed = seed
    sources = try target.sources()
    guard !sources.isEmpty else { throw CocoaError(.fileNoSuchFile) }
  }

  /// How much computing one file may cost, in seconds; then the process ends by SIGPROF.
  public static let seconds = 20

  /// The file numbered `index`.
  public func file(_ index: Int) -> FuzzTarget.Source {
    var generator = SplitMix64(seed: seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(index))
    let source = sources[index % sources.count]
    let other = sources[Int.random(in: 0..<sources.count, using: &generator)]
    return .init(
      name: source.name, bytes: Mutation.of(source.bytes, splicing: other.bytes, isText: target.isText, generator))
  }

  /// Reads the files of these numbers; before each, its number and size go to the standard output, and after it the number
  /// of bytes that memory grew by and the milliseconds that it took.
  public func run(_ range: Range<Int>) throws {
    for index in range {
      let input = file(index)
      let folder = FileManager.default.temporaryDirectory.appendingPathComponent("fuzz-\(getpid())")
      try? FileManager.default.removeItem(at: folder)
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      let file = folder.appendingPathComponent(input.name)
      try Data(input.bytes).write(to: file)
      Self.tell("\(index) \(input.bytes.count)")
      let before = Self.memory("VmRSS")
      try? "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
      Self.limit(allowance: DecoderProcess.memoryLimit(forInputOf: input.bytes.count))
      let time = ContinuousClock().measure { target.read(file) }
      Self.limit(allowance: nil)
      Self.tell(" \(max(0, Self.memory("VmHWM") - before)) \(time / .milliseconds(1))\n")
    }
  }

  private static func tell(_ text: String) { _ = AtomicFile.append(Data(text.utf8), to: STDOUT_FILENO) }

  /// Bytes, as the system's status of this process has them.
  private static func memory(_ key: String) -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix(key) }
    return (line?.split { !$0.isNumber }.first.flatMap { Int($0) } ?? 0) << 10
  }

  /// Limits what is computed, and what memory is had besides what there is; nil takes the limits away.
  private static func limit(allowance: Int?) {
    var timer = itimerval()
    timer.it_value.tv_sec = allowance == nil ? 0 : seconds
    setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &timer, nil)
    var memory = rlimit(rlim_cur: RLIM_INFINITY_VALUE, rlim_max: RLIM_INFINITY_VALUE)
    if let allowance { memory.rlim_cur = rlim_t(Self.memory("VmSize") + allowance) }
    setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &memory)
  }

  /// `RLIM_INFINITY`, which is a macro.
  private static let RLIM_INFINITY_VALUE = rlim_t.max
}
