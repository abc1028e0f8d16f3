import Analysis
import Foundation
import TestSupport
import Testing

@testable import Report

@Suite struct PaperReportTests {
  @Test func thePapersContradictionsAreListed() {
    let results = PaperNumbers.aboutResults.joined(separator: "\n")
    #expect(results.contains("An accuracy of .84 can't come from 40 cases: 33 of 40 is 0.825, 34 of 40 is 0.850."))
    #expect(PaperNumbers.aboutResults.count == 4 && results.contains("between 0.333 and 0.364"))
    let tables = PaperNumbers.aboutTables
    for sentence in [
      "Table 4: The rows of laterality make 26 in column low grade, its heading says 24.",
      "Table 4: The rows of procedure make 26 in column low grade, its heading says 24.",
      "Table 3: 222 of 505 is 44.0%, printed is 43.0%.",
    ] {
      #expect(tables.contains(sentence), "\(tables)")
    }
    #expect(tables.contains { $0.hasPrefix("Figure 8: The headings say 514, the text says 505.") })
  }

  @Test func thePageSaysWhatTheTerminalSays() throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent("paper.html")
    try PaperReport.write(to: file)
    let html = try String(contentsOf: file, encoding: .utf8)
    try expectSound(html)
    #expect(html.contains("Table 5 as printed") && html.contains("Research use only"))
    for line in PaperReport.lines.map({ $0.trimmingCharacters(in: .whitespaces) })
    where line.hasPrefix("Table 3:") || line.hasPrefix("Table 4:") {
      #expect(html.contains(HTML(text: line).markup), "\(line)")
    }
    // The report of a run is about the run.
    #expect(!RunPage.sections.contains { $0.id == "paper" })
  }
}
