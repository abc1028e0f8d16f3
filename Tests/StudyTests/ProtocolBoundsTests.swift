import Foundation
import Support
import TestSupport
import Testing

@testable import Study

/// Protocols that would exhaust the YAML parser are refused before it sees them.
struct ProtocolBoundsTests {
  private static func bomb(_ levels: Int) -> String {
    "a0: &a0 [x, x]\n" + (1...levels).map { "a\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1)]\n" }.joined()
  }

  @Test(arguments: [
    String(repeating: "[", count: 200_000), String(repeating: "{a: ", count: 100_000),
    String(repeating: "- ", count: 100_000), "a:\n" + String(repeating: "? ", count: 5_000),
    (0..<400).map { String(repeating: " ", count: $0) + "a:\n" }.joined(), bomb(40),
    "name: " + String(repeating: "x", count: 2 << 20),
  ])
  func `what nests, repeats or lasts without end is refused with its line`(_ yaml: String) throws {
    let error = try #require(throws: StudyError.self) { try StudyProtocol(yaml: yaml, name: "protocol.yaml") }
    #expect(error.description.contains("this is not a protocol"), "\(error)")
    #expect(error.description.contains(try Regex("protocol.yaml:[0-9]+: ")), "\(error)")
  }

  @Test func `texts with brackets and stars are no nesting`() throws {
    let yaml = try String(contentsOf: protocolsFolder.appendingPathComponent("paper.yaml"), encoding: .utf8)
    let comments = (0..<200).map { "# see [\($0)] and {\($0)}: 2 * 3 and 4*5\n" }.joined()
    _ = try StudyProtocol(yaml: comments + yaml, name: "protocol.yaml")
  }
}
