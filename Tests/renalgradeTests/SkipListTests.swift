import Foundation
import TestSupport
import Testing

/// `scripts/check-skips`: what was skipped for a reason that is not listed fails the tests.
@Suite struct SkipListTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private let list = "# a comment\nneeds a GPU | hardware\n"
  private let ended = #"{"kind":"event","payload":{"kind":"runEnded","messages":[]}}"#

  private func event(_ kind: String, _ symbol: String, _ text: String) throws -> String {
    let payload: [String: Any] = [
      "kind": kind, "testID": "Room.test()", "messages": [["symbol": symbol, "text": text]],
    ]
    return String(
      decoding: try JSONSerialization.data(withJSONObject: ["kind": "event", "payload": payload]), as: UTF8.self)
  }

  private func check(_ events: [String], list: String) throws -> CommandLineTool.Result {
    let files = ["events", "list"].map { folder.url.appendingPathComponent($0) }
    try Data(events.joined(separator: "\n").utf8).write(to: files[0])
    try Data(list.utf8).write(to: files[1])
    return try CommandLineTool.shell("scripts/check-skips '\(files[0].path)' '\(files[1].path)'")
  }

  @Test func aListedReasonPassesAndAnyOtherFails() throws {
    let started = try event("testStarted", "default", "Test other() started.")
    let listed = try event("testSkipped", "skip", #"Test test() skipped: "needs a GPU""#)
    let passed = try check([started, listed, ended], list: list)
    #expect(passed.status == 0 && passed.output.contains("1 skipped, as listed: needs a GPU (hardware)"))
    #expect(try check([started, ended], list: list).output.contains("no test was skipped"))
    // An argument of a test may hold what Python takes for the end of a line.
    let odd = try ["\u{85}", "\u{2028}", "\u{1C}"].map {
      try event("testStarted", "default", "Test case with \($0) started.")
    }
    #expect(try check([started] + odd + [ended], list: list).status == 0)
    for (text, reason) in [
      (#"Test test() skipped: "needs Orthanc: install it""#, "needs Orthanc: install it"),
      ("Test test() skipped.", "no reason stated"),
      (#"Test test() was cancelled after 0.1 seconds: "because""#, "because"),
    ] {
      let failed = try check([started, listed, try event("testSkipped", "skip", text), ended], list: list)
      #expect(failed.status == 1 && failed.error.contains("Room.test() was skipped: \(reason)"), "\(failed.error)")
    }
  }

  @Test func anIncompleteRunOrListFails() throws {
    let started = try event("testStarted", "default", "Test other() started.")
    #expect(try check([started], list: list).error.contains("did not end"))
    #expect(try check([ended], list: list).error.contains("no test was run"))
    #expect(try check([started, "{"], list: list).error.contains("events:2"))
    #expect(try check([started, ended], list: "needs a GPU\n").error.contains("list:1"))
  }

  @Test func everyListedReasonIsStatedByATest() throws {
    let tests = CommandLineTool.packageRoot.appendingPathComponent("Tests")
    let paths = try #require(FileManager.default.enumerator(atPath: tests.path)).compactMap { $0 as? String }
    let sources = try paths.filter { $0.hasSuffix(".swift") && !$0.hasSuffix("SkipListTests.swift") }
      .map { try String(contentsOf: tests.appendingPathComponent($0), encoding: .utf8) }
    let list = try String(contentsOf: tests.appendingPathComponent("allowed-skips.txt"), encoding: .utf8)
    let reasons = list.split(separator: "\n").filter { !$0.hasPrefix("#") }
      .compactMap { $0.components(separatedBy: " | ").first }
    #expect(!reasons.isEmpty)
    for reason in reasons {
      #expect(sources.contains { $0.contains("\"\(reason)\"") }, "no test states \"\(reason)\"")
    }
  }
}
