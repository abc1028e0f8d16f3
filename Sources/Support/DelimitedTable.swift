public import Foundation
import SwiftCSV

/// A CSV or TSV file with a header, each row with the line that it starts on.
public struct DelimitedTable: Sendable {
  /// One row below the header.
  public struct Row: Sendable {
    /// The line in the file, from 1.
    public let line: Int
    /// The cells by column, trimmed of surrounding blanks.
    public let cells: [String: String]
  }

  /// The file's name, for messages.
  public let name: String
  /// The columns in the file's order.
  public let header: [String]
  /// The rows that are not blank.
  public let rows: [Row]

  /// Reads a table; the delimiter is guessed among comma, semicolon and tab.
  ///
  /// - Throws: `StudyError` of kind `.invalidTable` with file and line.
  public init(contentsOf url: URL) throws(StudyError) {
    name = url.lastPathComponent
    var text: String
    do {
      text = try String(contentsOf: url, encoding: .utf8)
    } catch {
      throw StudyError(.invalidTable, "\(name) cannot be read as UTF-8 text: \(error.localizedDescription)")
    }
    if text.hasPrefix("\u{FEFF}") { text.removeFirst() }
    if let line = Self.lineOfUnclosedQuote(in: text) {
      throw StudyError(.invalidTable, "\(name):\(line): a quotation mark is opened and never closed")
    }
    // Shared with SwiftCSV's escaping callback, which is called before enumerateAsArray returns.
    final class Collected { var records: [[String]] = [] }
    let collected = Collected()
    do {
      // No rows yet: the first reading would throw before it told the line.
      let table = try CSV<Enumerated>(string: text, delimiter: .guessed(string: text), loadColumns: false, rowLimit: 0)
      try table.enumerateAsArray(startAt: 0, rowLimit: nil) { collected.records.append($0) }
    } catch {
      let line = collected.records.reduce(1) { $0 + Self.lineCount(of: $1) }
      throw StudyError(.invalidTable, "\(name):\(line): not a valid table: \(error)")
    }
    let records = collected.records
    let header = (records.first ?? []).map { $0.trimmingCharacters(in: .whitespaces) }
    guard !header.isEmpty, header != [""] else { throw StudyError(.invalidTable, "\(name):1: the header is missing") }
    if let twice = header.first(where: { column in header.count { $0 == column } > 1 }) {
      throw StudyError(.invalidTable, "\(name):1: the column \"\(twice)\" stands twice in the header")
    }
    var line = 1 + Self.lineCount(of: records[0]) - 1
    var rows: [Row] = []
    for record in records.dropFirst() {
      line += 1
      let first = line
      line += Self.lineCount(of: record) - 1
      let cells = record.map { $0.trimmingCharacters(in: .whitespaces) }
      if cells.allSatisfy(\.isEmpty) { continue }
      // A spreadsheet leaves out trailing empty cells; more cells than columns means a broken row.
      guard cells.count <= header.count else {
        throw StudyError(
          .invalidTable,
          "\(name):\(first): \(cells.count) cells, but the header has \(header.count) columns; "
            + "a cell that contains the delimiter must stand in quotation marks")
      }
      let padded = cells + Array(repeating: "", count: header.count - cells.count)
      rows.append(Row(line: first, cells: Dictionary(uniqueKeysWithValues: zip(header, padded))))
    }
    self.header = header
    self.rows = rows
  }

  /// Throws unless the table has the column, naming those it has.
  public func require(column: String, from key: String) throws(StudyError) {
    guard header.contains(column) else {
      throw StudyError(
        .invalidTable,
        "\(name):1: there is no column \"\(column)\" (\(key) in the protocol); "
          + "the columns are \(header.map { "\"\($0)\"" }.joined(separator: ", "))")
    }
  }

  /// Where the quotation marks do not pair up: the line of the first that opens and does not close at the end of a cell.
  private static func lineOfUnclosedQuote(in text: String) -> Int? {
    guard text.count(where: { $0 == "\"" }) % 2 == 1 else { return nil }
    var line = 1
    var opened: Int?
    var index = text.startIndex
    while index < text.endIndex {
      let character = text[index]
      index = text.index(after: index)
      if character.isNewline { line += 1 }
      guard character == "\"" else { continue }
      guard let start = opened else {
        opened = line
        continue
      }
      let next = text[index...].first { $0 != " " } ?? "\n"
      if text[index...].first == "\"" {
        index = text.index(after: index)  // a doubled mark is part of the cell
      } else if next.isNewline || ",;\t".contains(next) {
        opened = nil
      } else {
        return start
      }
    }
    return opened ?? line
  }

  private static func lineCount(of record: [String]) -> Int {
    1 + record.reduce(0) { $0 + $1.count(where: \.isNewline) }
  }
}

extension DelimitedTable {
  /// Rows of cells as CSV (RFC 4180).
  public static func text(_ rows: [[String]]) -> String {
    rows.map { $0.map(\.csvCell).joined(separator: ",") }.joined(separator: "\n") + "\n"
  }
}

extension String {
  /// The text as a CSV cell, quoted where needed (RFC 4180).
  public var csvCell: String {
    contains { $0 == "," || $0 == "\"" || $0.isNewline }
      ? "\"" + replacingOccurrences(of: "\"", with: "\"\"") + "\"" : self
  }
}
