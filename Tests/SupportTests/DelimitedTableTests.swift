import Foundation
import Support
import TestSupport
import Testing

@Suite struct DelimitedTableTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  func table(_ text: String, name: String = "table.csv") throws -> DelimitedTable {
    let url = folder.url.appendingPathComponent(name)
    try Data(text.utf8).write(to: url)
    return try DelimitedTable(contentsOf: url)
  }

  @Test(arguments: [",", ";", "\t"]) func delimitersAreGuessed(delimiter: String) throws {
    let table = try table(["patient", "grade"].joined(separator: delimiter) + "\nA" + delimiter + "3\n")
    #expect(table.header == ["patient", "grade"])
    #expect(table.rows.first?.cells == ["patient": "A", "grade": "3"])
  }

  @Test func linesAreCountedOverQuotedLineBreaksAndBlankLines() throws {
    let table = try table("\u{FEFF}patient,note\r\nA,\"two\r\nlines, one cell\"\r\n\r\nB, \"said \"\"no\"\"\" \r\n")
    #expect(table.rows.map(\.line) == [2, 5])
    #expect(table.rows[0].cells["note"] == "two\r\nlines, one cell")
    #expect(table.rows[1].cells["note"] == "said \"no\"")
  }

  @Test func brokenTablesNameTheLine() throws {
    for (line, text) in [
      (2, "a,b\n\"x,1\n"), (2, "a,b\n1,\"two\nlines, 1\n"), (4, "a,b\n\"two\nlines\",1\n\"x,1\n\"y\",2\n"),
      (2, "a,b\n\"x,1\ny,\"said \"\"no\"\"\"\n"), (3, "a,b\n1,2\n5\" tall,1\n\"y\",2\n"), (2, "a,b\r\n1,\"2"),
    ] {
      #expect(throws: StudyError(.invalidTable, "table.csv:\(line): a quotation mark is opened and never closed")) {
        try table(text)
      }
    }
    let wide = #expect(throws: StudyError.self) { try table("a,b\n1,2\n1,2,3\n") }
    #expect(wide?.description.hasPrefix("table.csv:3: 3 cells, but the header has 2 columns") == true)
    #expect(throws: StudyError.self) { try table("") }
    #expect(throws: StudyError.self) { try table("a,a\n1,2\n") }
    let quote = #expect(throws: StudyError.self) { try table("a,b\n1,2\n\"x\"y\",\"3\n") }
    #expect(quote?.description.contains("table.csv:3:") == true, "\(quote?.description ?? "")")
  }
}
