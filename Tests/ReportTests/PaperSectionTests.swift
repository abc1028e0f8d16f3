import Analysis
import Testing

@testable import Report

@Suite struct PaperSectionTests {
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
}
