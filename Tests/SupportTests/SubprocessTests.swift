import Foundation
import TestSupport
import Testing

@testable import Support

@Suite struct SubprocessTests {
  private func shell(_ script: String, environment: [String: String] = [:], in folder: URL? = nil) -> Subprocess {
    Subprocess(URL(fileURLWithPath: "/bin/sh"), ["-c", script], in: folder, environment: environment)
  }

  private func text(_ data: Data) -> String { String(decoding: data, as: UTF8.self) }

  @Test func outputAndMessagesAreKeptApart() throws {
    let outcome = try shell("echo out; echo message >&2").run(outputLimit: 100)
    #expect(text(outcome.output) == "out\n" && outcome.messages == "message\n")
    #expect(try shell("echo out").run().output.isEmpty)
  }

  @Test func argumentsAreNotReadByAShell() throws {
    let words = ["a b", "$HOME", "", "größe", "'"]
    let echo = Subprocess(URL(fileURLWithPath: "/usr/bin/printf"), ["<%s>"] + words)
    #expect(text(try echo.run(outputLimit: 1000).output) == words.map { "<\($0)>" }.joined())
  }

  @Test func itRunsInItsFolderWithItsEnvironmentAndNoInput() throws {
    let folder = try TemporaryFolder()
    try Data().write(to: folder.url.appendingPathComponent("here"))
    let script = shell("ls; printf %s \"$WORD\"; wc -c", environment: ["WORD": "said"], in: folder.url)
    #expect(text(try script.run(outputLimit: 100).output) == "here\nsaid0\n")
  }

  @Test func noOpenFileIsInherited() throws {
    let folder = try TemporaryFolder()
    let descriptor = open(folder.url.appendingPathComponent("file").path, O_WRONLY | O_CREAT, 0o600)
    try #require(descriptor > 2)
    defer { close(descriptor) }
    // One that `ls` opens itself.
    let listed = text(try Subprocess(URL(fileURLWithPath: "/bin/ls"), ["/proc/self/fd"]).run(outputLimit: 1000).output)
    #expect(listed == "0\n1\n2\n3\n")
  }

  @Test func noSignalIsBlocked() throws {
    let status = text(try shell("cat /proc/self/status").run(outputLimit: 100_000).output)
    #expect(status.contains("SigBlk:\t0000000000000000"))
  }

  @Test func aMissingProgramOrFolderIsAnError() throws {
    let folder = try TemporaryFolder()
    let absent = Subprocess(folder.url.appendingPathComponent("absent"), [])
    let error = #expect(throws: SubprocessError.self) { try absent.run() }
    #expect(error?.kind == .notStarted(ENOENT))
    #expect(error?.description == "absent cannot be started: No such file or directory")
    let nowhere = #expect(throws: SubprocessError.self) {
      try shell("true", in: folder.url.appendingPathComponent("nowhere")).run()
    }
    #expect(nowhere?.kind == .notStarted(ENOENT))
    let text = folder.url.appendingPathComponent("text")
    try Data("a text".utf8).write(to: text)
    let refused = #expect(throws: SubprocessError.self) { try Subprocess(text, []).run() }
    #expect(refused?.kind == .notStarted(EACCES))
  }

  @Test func programsAreFoundInTheOrderOfTheirNames() throws {
    let folder = try TemporaryFolder()
    let path = "/nowhere:\(folder.url.path)"
    #expect(Subprocess.find("first", "second", path: path) == nil)
    for name in ["second", "first"] {
      let file = folder.url.appendingPathComponent(name)
      try Data().write(to: file)
      #expect(Subprocess.find(name, path: path) == nil)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
      #expect(Subprocess.find("first", "second", path: path)?.path == file.path)
    }
    #expect(Subprocess.find("sh") != nil)
  }

  @Test func anExitStatusAndASignalAreToldApart() throws {
    let failed = #expect(throws: SubprocessError.self) { try shell("echo reason >&2; exit 3").run() }
    #expect(failed?.kind == .failed(status: 3))
    #expect(failed?.description == "sh failed with status 3: reason")
    let killed = #expect(throws: SubprocessError.self) { try shell("kill -SEGV $$").run() }
    #expect(killed?.kind == .killed(signal: SIGSEGV))
    #expect(killed?.description.hasPrefix("sh was killed by signal 11") == true)
    #expect(try shell("exit 3").result().ending == .exited(status: 3))
    #expect(try shell("kill -TERM $$").result().ending == .killed(signal: SIGTERM))
  }

  @Test func tooMuchOutputIsAnError() throws {
    #expect(try shell("printf 12345").run(outputLimit: 5).output.count == 5)
    let error = #expect(throws: SubprocessError.self) { try shell("printf 123456").run(outputLimit: 5) }
    #expect(error?.kind == .outputTooLarge(limit: 5))
    let endless = #expect(throws: SubprocessError.self) { try shell("yes").run(outputLimit: 1_000_000) }
    #expect(endless?.kind == .outputTooLarge(limit: 1_000_000))
  }

  @Test func ofManyMessagesTheLastAreKept() throws {
    let outcome = try shell("seq 1 100000 >&2").run()
    #expect(outcome.messages.utf8.count == 1 << 16 && outcome.messages.hasSuffix("99999\n100000\n"))
  }

  /// A process that a killed program left would write the file.
  @Test func aProgramThatOutstaysItsTimeIsKilledWithItsDescendants() async throws {
    let folder = try TemporaryFolder()
    let script = shell("(sleep 3; touch left) & echo begun >&2; wait", in: folder.url)
    let error = #expect(throws: SubprocessError.self) { try script.run(timeLimit: .seconds(1)) }
    #expect(error?.kind == .timeLimit(.seconds(1)) && error?.program == "sh")
    #expect(error?.description.hasPrefix("sh did not end within 1 seconds") == true)
    try await Task.sleep(for: .seconds(3))
    #expect(!FileManager.default.fileExists(atPath: folder.url.appendingPathComponent("left").path))
  }

  @Test func aDescendantThatHoldsThePipesIsNotWaitedFor() throws {
    let output = text(try shell("sleep 600 & echo $!").run(outputLimit: 100).output)
    let descendant = try #require(pid_t(output.dropLast()))
    #expect(kill(descendant, SIGKILL) == 0)
  }

  @Test func aCancelledTaskKillsItsProgram() async throws {
    let task = Task {
      Result { () throws(SubprocessError) in try shell("sleep 600").run() }
    }
    task.cancel()
    let result = await task.value
    guard case .failure(let error) = result else {
      Issue.record("a cancelled program ended well")
      return
    }
    #expect(error.kind == .cancelled)
  }
}
