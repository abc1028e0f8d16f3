import Foundation
import Support
import Testing

struct JSONTreeTests {
  private func tree(_ text: String) throws -> JSONTree { try JSONTree(Data(text.utf8)) }

  @Test func `values know what they are and where they stand`() throws {
    let root = try tree(
      #"{ "a": [1, -2.5e3, 0],\#n "b": "x\n\u00e9\ud83d\ude00\"\\/",\#n\#n "c": {"d": true, "e": null} }"#)
    #expect(root["a"]?.array?.map(\.number) == [1, -2500, 0])
    #expect(root["b"]?.text == "x\né😀\"\\/")
    #expect(root["b"]?.line == 2)
    #expect(root["c"]?["d"]?.line == 4)
    #expect(root["c"]?["e"] == nil)
    #expect(root["absent"] == nil)
    #expect(try tree(" [ ] ").array?.isEmpty == true)
    #expect(try tree("{}").isObject)
    #expect(try tree("\u{FEFF}[12]").array?.first?.text == "12")
  }

  @Test(arguments: [
    ("", 1), ("[1,\n2", 2), ("[1,\n2,]", 2), ("{\"a\": 1,\n\n b: 2}", 3), ("{\"a\" 1}", 1), ("[1] 2", 1), ("[01]", 1),
    ("[1.]", 1), ("[+1]", 1), ("[tru]", 1), ("[\"a\nb\"]", 1), (#"["\x"]"#, 1), (#"["\u12g4"]"#, 1), ("[\"abc", 1),
    ("[NaN]", 1),
    ("[1e]", 1), ("{\"a\":1\n\"b\":2}", 2), ("[--1]", 1),
  ])
  func `bad JSON is refused with its line`(text: String, line: Int) {
    let error = #expect(throws: JSONTree.SyntaxError.self) { try tree(text) }
    #expect(error?.line == line)
  }

  @Test func `deep nesting is refused, not crashed on`() {
    #expect(throws: JSONTree.SyntaxError.self) { try tree(String(repeating: "[", count: 1_000_000)) }
  }

  @Test func `cut off anywhere, a text is refused`() throws {
    let text = #"{"datasets": [{"name": "d", "annotations": [{"id": "A", "data": {"vertices": [[1.5, 2], [3, 4]]}}]}]}"#
    for length in 0..<text.utf8.count {
      #expect(throws: JSONTree.SyntaxError.self) { try tree(String(text.prefix(length))) }
    }
  }
}
