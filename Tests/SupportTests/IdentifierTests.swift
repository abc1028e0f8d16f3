import Foundation
import Support
import TestSupport
import Testing

@Suite struct IdentifierTests {
  @Test(arguments: [
    ("s001", "S001", true), ("1", "1.0", true), ("1", "1,00", true), ("P-001", "p 001", true), ("P001", "P_001", true),
    ("1-11", "11-1", false), ("1-11", "111", false), ("P-1-11", "p1-11", true), ("P-1-11", "P-11-1", false),
    ("0012", "00 12", true), ("1-11", "1.11", true), ("P01", "P01.", true), ("P01", "P1", false), ("0012", "12", false),
    ("１２", "12", true), ("1.0", "10", false), ("12.0", "120", false), ("-", "?", false), ("A\u{A0}1", "a1", true),
    ("MÜLLER", "müller", true), ("100E10", "1E12", false), (" 7 ", "7", true),
  ])
  func spellingsOfOneIdentifier(first: String, second: String, same: Bool) {
    #expect((Identifier(first) == Identifier(second)) == same)
    #expect((Set([first, second].map(Identifier.init)).count == 1) == same)
  }

  @Test(arguments: [
    ("12345", "0012345", IdentifierDamage.leadingZeros), ("12345.0", "0012345", .leadingZeros),
    ("1E+12", "100E10", .scientific),
    ("1.23457E+11", "123456789012", .scientific), ("1,23457E+11", "123456789012", .scientific),
    ("1234567890123450000", "1234567890123456789", .digits), ("03-Apr", "3-4", .date), ("2024-04-03", "3/4", .date),
    ("12345", "12346", nil), ("1E+12", "100E11", nil), ("1.23457E+11", "223456789012", nil), ("x", "y", nil),
    ("2024-04-03", "P7", nil),
  ])
  func whatASpreadsheetDidIsKnown(text: String, original: String, damage: IdentifierDamage?) {
    #expect(IdentifierDamage(text, among: ["unrelated", original]) == damage)
  }

  @Test(arguments: [
    ("12345", "0012345", IdentifierDamage.leadingZeros), ("1E+12", "100E10", .scientific),
    ("1E+12", "1e12", .scientific),
    ("1.5E+12", "15E11", .scientific), ("1E+12", "1000000000000", .scientific),
  ])
  func originalsAreListed(text: String, original: String, damage: IdentifierDamage) {
    #expect(damage.originals(of: text).contains(original))
  }

  @Test func rowsAndScansWithoutPartnersAreTold() {
    let comparison = IdentifierComparison(
      rows: [(2, "12345"), (3, "s002"), (4, "1E+12"), (5, "nobody")], scans: ["0012345", "S002", "100E10", "S9"])
    #expect(comparison.linesWithoutScan == [2, 4, 5] && comparison.scansWithoutRow == 3)
    #expect(comparison.damage == [2: .leadingZeros, 4: .scientific])
    let text = comparison.sentences("excel.csv").joined(separator: " ")
    #expect(
      text.contains("3 rows match no scan: excel.csv, lines 2, 4, 5.")
        && text.contains("3 patients with scans have no row"))
    #expect(text.contains("leading zeros were lost (line 2)") && !text.contains("12345"))
    #expect(IdentifierComparison(rows: [(2, "a 1")], scans: ["A1"]).sentences("x").isEmpty)
  }

  @Test func twoSpellingsInOneColumnAreFound() throws {
    let folder = try TemporaryFolder()
    let url = folder.url.appendingPathComponent("t.csv")
    try "patient,grade\nS1,2\nS2,1\ns1,3\nS1,4\n,1\n".write(to: url, atomically: true, encoding: .utf8)
    let lines = try DelimitedTable(contentsOf: url).linesBySpelling(of: "patient")
    #expect(lines[Identifier("S1")] == [2, 4] && lines[Identifier("s2")] == [3] && lines.count == 2)
  }
}
