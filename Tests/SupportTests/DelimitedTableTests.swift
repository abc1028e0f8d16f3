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
      (2, "a,b\n\"x,1\ny,\"said \"\"no\"\"\"\n"), (2, "a,b\r\n1,\"2"), (3, "a,b\n1,2\n\"x\"y\",\"3\n"),
      (3, "a,b\r1,2\r\"3,4\r"),
    ] {
      #expect(throws: StudyError(.invalidTable, "table.csv:\(line): a quotation mark is not closed")) {
        try table(text)
      }
    }
    #expect(throws: StudyError.self) { try table("") }
    let twice = #expect(throws: StudyError.self) { try table("a,b,a\n1,2,3\n") }
    #expect(
      twice?.description.contains("table.csv:1: the column \"a\" occurs twice in the header (columns 1 and 3)") == true)
  }

  /// What a mark within a cell says: inches, as Excel's neighbours write them.
  @Test func aMarkWithinACellIsItself() throws {
    #expect(try table("a,b\n5\" tall,1\n").rows.map { $0.cells["a"] } == ["5\" tall"])
  }

  @Test(arguments: [
    ("a,b\n1,2\n1,2,3\n", 3, "3 cells, but the header has 2 columns"),
    ("a,b,c\n1,2,3\n1,3\n", 3, "2 cells, but the header has 3 columns"),
    ("a;b;c\r\n1;2;3\r\n\r\n1;;\r\n1;3\r\n", 5, "2 cells, but the header has 3 columns"),
    ("a\tb\tc\r1\t2\t3\r1\r", 3, "1 cells, but the header has 3 columns"),
    ("patient,grade,size\nA1,2,41,5\nB2,3,30,0\n", 2, "as \"2,5\" must"),
    ("a,b,c\n1,2\n1,2,3\n1,2\n", 2, "The same applies to lines 4"),
    ("sep=|\na|b|c\n1|2\n", 3, "cells are separated by vertical bars"),
  ])
  func rowsOfAnotherWidthAreNotRead(text: String, line: Int, message: String) {
    let error = #expect(throws: StudyError.self) { try table(text) }
    #expect(error?.description.hasPrefix("table.csv:\(line): ") == true, "\(error?.description ?? "")")
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  /// Excel writes the width of 16 rows at a time, so that empty cells at their end are left out together.
  @Test func emptyCellsAtTheEndThatExcelLeavesOutAreEmpty() throws {
    let full = (2...16).map { "\($0),2,x" }
    let cut = (17...32).map { "\($0),3" }
    let rows = try table((["a,b,c"] + full + cut).joined(separator: "\r\n") + "\r\n").rows
    #expect(rows.count == 31 && rows.last?.cells == ["a": "32", "b": "3", "c": ""])
    let shifted = #expect(throws: StudyError.self) {
      try table((["a,b,c"] + full + cut.dropLast() + ["32,3,y"]).joined(separator: "\n"))
    }
    #expect(shifted?.description.hasPrefix("table.csv:17: 2 cells") == true)
  }

  static let plain = "patient;grade;Größe\r\nA1;2,0;41,5\r\nB2;3,0;30,0\r\n"
  static let cells = [
    ["patient": "A1", "grade": "2,0", "Größe": "41,5"], ["patient": "B2", "grade": "3,0", "Größe": "30,0"],
  ]

  @Test func everyEncodingOfSpreadsheetsIsRead() throws {
    let utf8 = Data(Self.plain.utf8)
    let little = try #require(Self.plain.data(using: .utf16LittleEndian))
    let big = try #require(Self.plain.data(using: .utf16BigEndian))
    let files: [(Data, remark: Bool)] = [
      (utf8, false), (Data([0xEF, 0xBB, 0xBF]) + utf8, false), (Data([0xFF, 0xFE]) + little, false),
      (Data([0xFE, 0xFF]) + big, false), (little, false), (big, false),
      (try #require(Self.plain.data(using: .windowsCP1252)), true),
    ]
    for (index, file) in files.enumerated() {
      let url = folder.url.appendingPathComponent("encoded.csv")
      try file.0.write(to: url)
      let table = try DelimitedTable(contentsOf: url)
      #expect(table.rows.map(\.cells) == Self.cells, "\(index)")
      #expect(table.remarks.contains { $0.contains("Windows-1252") } == file.remark, "\(index)")
    }
  }

  @Test(arguments: [
    ("sep=;\r\npatient;grade\r\nA1;2\r\n", 3), ("\u{FEFF}sep=;\npatient;grade\nA1;2\n", 3),
    ("\"sep=;\"\npatient;grade\nA1;2\n", 3), ("sep=;;\npatient;grade\nA1;2\n", 3),
    ("SEP=\t\rpatient\tgrade\rA1\t2\r", 3), ("patient|grade\nA1|2\n", 2), ("patient;grade;;\nA1;2;;\n", 2),
    ("patient;grade\nA1;2;\n", 2), ("patient;grade;\nA1;2\n", 2), ("\n\n patient ; grade\nA1; 2 \n", 4),
    ("patient,grade\rA1,2\r", 2), ("\"patient\",\"grade\"\n\"A1\",\"2\"", 2),
    ("patient,grade\n=\"A1\",=\"2\"\n", 2), ("patient,grade\n\"=\"\"A1\"\"\",\"=\"\"2\"\"\"\n", 2),
    ("patient,grade\n\u{A0}A1\u{A0},\u{202F}2\u{200B}\n", 2), ("patient,grade\n\"A1\" , \"2\"\n", 2),
  ])
  func whatSpreadsheetsWriteIsOneTable(text: String, line: Int) throws {
    let table = try table(text)
    #expect(table.header == ["patient", "grade"])
    #expect(table.rows.map(\.cells) == [["patient": "A1", "grade": "2"]] && table.rows.map(\.line) == [line])
    #expect(table.remarks.isEmpty)
  }

  @Test(arguments: [
    ("patient;size, cm;grade\nA1;2,5;3\nB2;3;2\n", ["patient", "size, cm", "grade"]),
    ("patient,note; other,grade\nA1,x; y,3\nB2,,2\n", ["patient", "note; other", "grade"]),
    ("patient\tcity, state\tgrade\nA1\tx, y\t3\n", ["patient", "city, state", "grade"]),
    ("patient\nA1\nB2\n", ["patient"]), ("patient;grade\n", ["patient", "grade"]),
    ("\"tumour\nsize\",grade\n1,2\n", ["tumour size", "grade"]),
  ])
  func delimitersAreThoseThatRowsAgreeOn(text: String, header: [String]) throws {
    #expect(try table(text).header == header)
  }

  @Test func whatMayBeTwoTablesIsNotGuessed() throws {
    let error = #expect(throws: StudyError.self) { try table("a,b;c\n1,2;3\n4,5;6\n") }
    #expect(error?.description.contains("separated by commas or by semicolons") == true)
    #expect(try table("sep=;\na,b;c\n1,2;3\n").header == ["a,b", "c"])
  }

  /// A data frame's numbers stand in a column without a name.
  @Test func columnsWithoutANameAreToldAndNotRead() throws {
    let table = try table(",patient,grade,\n0,A1,2,\n1,B2,3,\n")
    #expect(table.rows.first?.cells == ["patient": "A1", "grade": "2"])
    #expect(table.remarks == ["table.csv: column 1 has no name in the header, so its cells are not read"])
  }

  /// A file that is no text table, by its first bytes and the text behind them.
  struct OtherFile: Sendable {
    let bytes: [UInt8]
    let text: String
    let name: String
  }

  static let otherFiles = [
    OtherFile(bytes: [0x50, 0x4B, 0x03, 0x04], text: "....xl/workbook.xml", name: "an Excel workbook (.xlsx)"),
    OtherFile(
      bytes: [0x50, 0x4B, 0x03, 0x04], text: "mimetypeapplication/vnd.oasis.opendocument.spreadsheet", name: "(.ods)"),
    OtherFile(bytes: [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1], text: "", name: "an Excel workbook (.xls)"),
    OtherFile(bytes: [0x1F, 0x8B], text: "x", name: "a gzip archive"),
    OtherFile(bytes: [], text: "%PDF-1.7", name: "a PDF document"),
    OtherFile(bytes: [], text: "\n<html><table><tr><td>patient", name: "a web page"),
    OtherFile(bytes: [], text: "<?xml version=\"1.0\"?><Workbook/>", name: "an XML file"),
    OtherFile(bytes: [0x61, 0, 0, 0x62], text: "\n", name: "a zero byte"),
    OtherFile(bytes: [0xDF, 0x65], text: "patient,Größe\n", name: "mixes UTF-8"),
    OtherFile(bytes: [0x0A, 0x81], text: "\n", name: "table.csv:2: a byte that is a letter neither"),
    OtherFile(bytes: [0xFF, 0xFE, 0x61, 0], text: ",", name: "truncated or damaged UTF-16 text"),
  ]

  @Test(arguments: otherFiles)
  func whatIsNoTextTableIsNamed(file: OtherFile) throws {
    let (bytes, name) = (file.bytes + Array(file.text.utf8), file.name)
    let url = folder.url.appendingPathComponent("table.csv")
    try Data(bytes).write(to: url)
    let error = #expect(throws: StudyError.self) { try DelimitedTable(contentsOf: url) }
    #expect(error?.description.contains(name) == true, "\(error?.description ?? "")")
    #expect(error?.description.contains("CSV UTF-8") == true, "\(error?.description ?? "")")
  }

  @Test func aMissingColumnIsShownWithThoseThatAreThere() throws {
    let error = #expect(throws: StudyError.self) {
      try table("Patient;Grade\n1;2\n").require(column: "grade", from: "pathology.gradeColumn")
    }
    #expect(error?.description.contains("separated by semicolons, are \"Patient\", \"Grade\"") == true)
    #expect(error?.description.contains("Write \"Grade\"") == true)
  }

  /// Whatever the bytes, a table is read or refused with a sentence.
  @Test func mutatedTablesNeverTrap() throws {
    var generator = DeterministicGenerator(seed: 7, stream: 1)
    let base = Array(Self.plain.utf8) + Array("\"x;\"\"y\";=\"3\";4\r\n".utf8)
    let url = folder.url.appendingPathComponent("mutated.csv")
    for _ in 0..<400 {
      var bytes = base
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        bytes[place] = [0x22, 0x3B, 0x2C, 0x0A, 0x0D, 0xFF, 0x00, 0x3D].randomElement(using: &generator) ?? 0
      }
      try Data(bytes.prefix(Int.random(in: 0...bytes.count, using: &generator))).write(to: url)
      do throws(StudyError) {
        let table = try DelimitedTable(contentsOf: url)
        #expect(table.rows.allSatisfy { Set($0.cells.keys) == Set(table.header) })
      } catch {
        #expect(error.description.contains("mutated.csv"))
      }
    }
  }
}
