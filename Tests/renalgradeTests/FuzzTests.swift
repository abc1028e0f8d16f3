import Foundation
import Fuzzing
import TestSupport
import Testing

/// A short run of each reader over mutated files; `make fuzz` makes long ones.
struct FuzzTests {
  @Test(.timeLimit(.minutes(30)), arguments: FuzzTarget.all.map(\.name))
  func `no mutated file crashes a reader, hangs it or takes more memory than its size allows`(_ name: String) throws {
    let target = try #require(FuzzTarget.all.first { $0.name == name })
    let program = CommandLineTool.executable.deletingLastPathComponent().appendingPathComponent("renalgrade-fuzz")
    let folder = try TemporaryFolder()
    let run = try FuzzRun(target, inputs: 150, seed: 12, program: program, keepingIn: folder.url)
    #expect(run.findings.isEmpty, "\(run.findings)")
  }
}
