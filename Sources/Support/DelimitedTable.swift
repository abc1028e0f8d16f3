public import Foundation

/// A CSV or TSV file with a header, as spreadsheets and databases write it, each row with the line that it starts on.
public struct DelimitedTable: Sendable {
  /// One row below the header.
  public struct Row: Sendable {
    /// The line in the file, from 1.
    public let line: Int
    /// The cells by column, without surrounding blanks; blanks that do not break a line are plain ones.
    public let cells: [String: String]
  }

  /// The file's name, for messages.
  public let name: String
  /// The columns with a name, in the file's order.
  public let header: [String]
  /// The rows that are not blank.
  public let rows: [Row]
  /// What was assumed, and what was not read, in sentences without a full stop.
  public let remarks: [String]
  private let delimiter: String

  /// Reads a table.
  ///
  /// The text is UTF-8, UTF-16 or else Windows-1252; the delimiter is the one of a first line `sep=;`, or guessed among comma,
  /// semicolon, tab and vertical bar. Empty cells behind the last column are nothing. A row that is narrower or wider than the
  /// header may have shifted its cells into other columns, so that nobody can tell what it says.
  /// - Throws: `StudyError` of kind `.invalidTable` with file and line.
  public init(contentsOf url: URL) throws(StudyError) {
    let name = url.lastPathComponent
    let data: Data
    do {
      data = try Data(contentsOf: url)
    } catch {
      throw StudyError(.invalidTable, "\(name) cannot be read: \(error.localizedDescription)")
    }
    let text = try TableText(data, name: name)
    let delimiter = try TableDelimiter(text.bytes, name: name)
    let records = try Self.records(text.bytes, delimiter, name)
    guard let first = records.first(where: { !$0.isBlank }) else {
      throw StudyError(.invalidTable, "\(name):1: the header is missing")
    }
    let columns = first.cells.map(Self.headerName)
    if let twice = columns.first(where: { column in !column.isEmpty && columns.count { $0 == column } > 1 }) {
      let places = columns.indices.filter { columns[$0] == twice }.map { "\($0 + 1)" }
      throw StudyError(
        .invalidTable,
        "\(name):\(first.line): the column \"\(twice)\" occurs twice in the header (columns "
          + "\(places.joined(separator: " and "))); rename or remove one of them")
    }
    try Self.requireWidth(of: first, records, separatedBy: delimiter.name, name)
    let body = records.filter { !$0.isBlank && $0.line > first.line }
    rows = body.map { record in
      let padded = record.cells + Array(repeating: "", count: max(0, columns.count - record.cells.count))
      let cells = zip(columns, padded).filter { !$0.0.isEmpty }
      return Row(line: record.line, cells: Dictionary(cells) { one, _ in one })
    }
    header = columns.filter { !$0.isEmpty }
    let unnamed = columns.indices.filter { index in
      columns[index].isEmpty && body.contains { $0.cells.indices.contains(index) && !$0.cells[index].isEmpty }
    }
    remarks =
      [text.assumption].compactMap { $0 }
      + unnamed.map { "\(name): column \($0 + 1) has no name in the header, so its cells are not read" }
    self.name = name
    self.delimiter = delimiter.name
  }

  /// Throws unless the table has the column, naming those it has.
  public func require(column: String, from key: String) throws(StudyError) {
    guard !header.contains(column) else { return }
    let alike = header.first { $0.lowercased() == column.lowercased() }
    throw StudyError(
      .invalidTable,
      "\(name):1: there is no column \"\(column)\" (\(key) in the protocol); "
        + "the columns, separated by \(delimiter), are \(header.map { "\"\($0)\"" }.joined(separator: ", "))"
        + (alike.map { ". Write \"\($0)\" in the protocol, as the table does" } ?? ""))
  }

  private static func records(
    _ bytes: [UInt8], _ delimiter: TableDelimiter, _ name: String
  ) throws(StudyError) -> [DelimitedRecords.Record] {
    var reader = DelimitedRecords(
      bytes, delimiter: delimiter.byte, from: delimiter.start.byte, line: delimiter.start.line)
    var records: [DelimitedRecords.Record] = []
    do throws(DelimitedRecords.UnclosedQuote) {
      while let record = try reader.next() {
        records.append(.init(line: record.line, cells: record.cells.map(cleaned)))
      }
    } catch {
      throw StudyError(.invalidTable, "\(name):\(error.line): a quotation mark is not closed")
    }
    while records.last?.isBlank == true { records.removeLast() }
    return records
  }

  /// Throws where rows are narrower or wider than the header, naming the first of them.
  ///
  /// Excel leaves out the empty cells at the end of rows, but of 16 rows at a time, whose width is then the same.
  private static func requireWidth(
    of header: DelimitedRecords.Record, _ records: [DelimitedRecords.Record], separatedBy delimiter: String,
    _ name: String
  ) throws(StudyError) {
    let blocks = stride(from: 0, to: records.count, by: 16).map { records[$0..<min($0 + 16, records.count)] }
    let odd = blocks.flatMap { block -> [DelimitedRecords.Record] in
      let isCutByExcel =
        block.count > 1 && block.allSatisfy { $0.line > header.line } && Set(block.map(\.cells.count)).count == 1
      return block.filter { record in
        let isShort = record.cells.count < header.width && !isCutByExcel
        return record.line > header.line && !record.isBlank && (isShort || record.width > header.cells.count)
      }
    }
    guard let first = odd.first else { return }
    let isWide = first.width > header.cells.count
    let advice =
      isWide
      ? "a cell that contains the delimiter must be in quotation marks"
        + (delimiter == "commas" ? ", as \"2,5\" must" : "")
      : "a missing cell would shift others into wrong columns: add it, empty where nothing is known"
    let others = odd.dropFirst().map { "\($0.line)" }
    let more = others.count > 10 ? " and \(others.count - 10) more" : ""
    throw StudyError(
      .invalidTable,
      "\(name):\(first.line): \(isWide ? first.width : first.cells.count) cells, but the header has \(header.width) columns; "
        + "cells are separated by \(delimiter), and \(advice)"
        + (others.isEmpty ? "" : ". The same applies to lines \(others.prefix(10).joined(separator: ", "))\(more)"))
  }

  /// A cell without surrounding blanks and without a spreadsheet's `="..."`.
  private static func cleaned(_ cell: String) -> String {
    var text = cell.trimmingCharacters(in: blanks)
    if text.hasPrefix("=\""), text.hasSuffix("\""), text.count > 2 {
      text = text.dropFirst(2).dropLast().trimmingCharacters(in: blanks)
    }
    guard text.unicodeScalars.contains(where: { $0.value > 0x7F }) else { return text }
    return String(
      String.UnicodeScalarView(
        text.unicodeScalars.compactMap { scalar in
          switch scalar {
          case "\u{A0}", "\u{2007}", "\u{202F}": " "
          case "\u{200B}", "\u{FEFF}": nil
          default: scalar
          }
        }))
  }

  private static let blanks = CharacterSet.whitespaces.union(CharacterSet(charactersIn: "\u{200B}\u{FEFF}"))

  /// A column's name on one line.
  private static func headerName(_ cell: String) -> String {
    cell.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }
}

extension DelimitedRecords.Record {
  fileprivate var isBlank: Bool { cells.allSatisfy(\.isEmpty) }
  /// The cells up to the last that is not empty.
  fileprivate var width: Int { 1 + (cells.lastIndex { !$0.isEmpty } ?? -1) }
}

extension DelimitedTable {
  /// The text of a file that spreadsheets or editors write, decoded as a table is.
  ///
  /// - Throws: `StudyError` of kind `.invalidTable` where it is no text.
  public static func text(of url: URL) throws(StudyError) -> String {
    let name = url.lastPathComponent
    do {
      return String(decoding: try TableText(Data(contentsOf: url), name: name).bytes, as: UTF8.self)
    } catch let error as StudyError {
      throw error
    } catch {
      throw StudyError(.invalidTable, "\(name) cannot be read: \(error.localizedDescription)")
    }
  }

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
