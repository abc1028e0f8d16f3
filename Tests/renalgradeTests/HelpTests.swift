import Foundation
import Testing

/// The help of every command, word for word: a change to it is made on purpose, and read by somebody.
@Suite struct HelpTests {
  /// `scripts/help --write` writes it anew.
  private static let file = CommandLineTool.packageRoot.appendingPathComponent("Tests/renalgradeTests/help.txt")

  @Test func everyCommandsHelpIsAsCommitted() throws {
    let committed = try String(contentsOf: Self.file, encoding: .utf8)
    let result = try CommandLineTool.shell("scripts/help \(CommandLineTool.executable.path)")
    try #require(result.status == 0, "\(result.error)")
    let expected = committed.split(separator: "\n", omittingEmptySubsequences: false)
    let found = result.output.split(separator: "\n", omittingEmptySubsequences: false)
    let difference = zip(expected, found).enumerated().first { $1.0 != $1.1 }
    #expect(
      result.output == committed,
      """
      line \(difference.map { $0.offset + 1 } ?? min(expected.count, found.count) + 1) differs; where that is meant, write the help \
      anew with scripts/help --write
      """)
  }

  @Test func everyCommandHasOne() throws {
    let committed = try String(contentsOf: Self.file, encoding: .utf8)
    let overview = try CommandLineTool.succeed("--help")
    let list = try #require(overview.components(separatedBy: "SUBCOMMANDS:").last)
    let names = list.split(separator: "\n").filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") }
      .compactMap { $0.split(separator: " ").first }
    #expect(names.count >= 20)
    // The last line points to the help of each.
    for name in names where name != "help" && name != "See" {
      #expect(committed.contains("=== renalgrade \(name)\n"), "\(name)")
    }
  }
}
