import ArgumentParser
import Foundation
import Fuzzing

/// Gives mutated files to the readers, and tells what crashes, hangs or takes too much memory.
@main
struct Fuzz: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "renalgrade-fuzz",
    abstract:
      "Gives mutated files to the readers: none may crash, hang, or take more memory than the file's size allows.",
    subcommands: [Readers.self, Child.self], defaultSubcommand: Readers.self)

  static func target(_ name: String) throws -> FuzzTarget {
    guard let target = FuzzTarget.all.first(where: { $0.name == name }) else {
      throw ValidationError(
        "there is no reader \(name); the readers are \(FuzzTarget.all.map(\.name).joined(separator: ", "))")
    }
    return target
  }

  /// What a person starts.
  struct Readers: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Gives mutated files to some readers, or all.")

    @Option(help: "How many mutated files each reader is given.") var inputs = 2000
    @Option(help: "The seed; the same seed makes the same files.") var seed: UInt64 = 1
    @Option(parsing: .upToNextOption, help: "The readers (default: all).") var reader: [String] = []
    @Option(help: "Where files that end the process are kept.") var keep = "fuzz-findings"

    func run() throws {
      let targets = try reader.isEmpty ? FuzzTarget.all : reader.map(Fuzz.target)
      let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      var findings = 0
      for target in targets {
        let run = try FuzzRun(
          target, inputs: inputs, seed: seed, program: program, keepingIn: URL(fileURLWithPath: keep))
        // At once, also into a file.
        let lines = [run.description] + run.findings.map { "  \($0)" }
        FileHandle.standardOutput.write(Data((lines.joined(separator: "\n") + "\n").utf8))
        findings += run.findings.count
      }
      if findings > 0 { throw ExitCode.failure }
    }
  }

  /// What that starts: it reads the files, and may die of one.
  struct Child: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Reads the files of some numbers.", shouldDisplay: false)

    @Argument var reader: String
    @Argument var seed: UInt64
    @Argument var first: Int
    @Argument var end: Int

    func run() throws { try FuzzChild(Fuzz.target(reader), seed: seed).run(first..<end) }
  }
}
