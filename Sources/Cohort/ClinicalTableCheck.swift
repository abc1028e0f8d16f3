import Clinical
public import Study
public import Support

/// How every distinct spelling of a clinical table is read, before anything is selected.
public struct ClinicalTableCheck: Equatable, Sendable {
  /// One spelling of a column.
  public struct Spelling: Equatable, Sendable {
    /// The column's name in the protocol.
    public let name: String
    /// Its header in the table.
    public let column: String
    /// The cell as it is written.
    public let found: String
    /// What it is read as: a value, `unknown`, or `not understood`.
    public let reading: String
    /// Why it is not understood; empty otherwise.
    public let reason: String
    /// The lines of the rows that hold it.
    public let lines: [Int]
  }

  /// The spellings by column, those not understood first, then the most frequent.
  public let spellings: [Spelling]
  /// The lines that name no patient.
  public let linesWithoutPatient: [Int]

  /// Cells that are not understood.
  public var notUnderstood: Int { spellings.filter { !$0.reason.isEmpty }.reduce(0) { $0 + $1.lines.count } }

  /// Reads a table.
  ///
  /// - Throws: `StudyError` of kind `.invalidTable` where it lacks a column that the protocol names.
  public init(_ table: DelimitedTable, _ settings: StudyProtocol) throws(StudyError) {
    try table.require(column: settings.pathology.patientColumn, from: "pathology.patientColumn")
    let columns = ClinicalColumn.all(settings.pathology, settings.cohort)
    for column in columns { try table.require(column: column.header, from: column.name) }
    spellings = columns.flatMap { Self.spellings($0, table) }
    linesWithoutPatient = table.rows.filter { ClinicalCell($0.cells[settings.pathology.patientColumn]).value == nil }
      .map(\.line)
  }

  private static func spellings(_ column: ClinicalColumn, _ table: DelimitedTable) -> [Spelling] {
    let lines = Dictionary(grouping: table.rows) { $0.cells[column.header] ?? "" }.mapValues { $0.map(\.line) }
    return lines.map { found, lines in
      let answer = column.grammar.read(found)
      let reading = answer.value ?? (answer.doubt == nil ? "unknown" : "not understood")
      return Spelling(
        name: column.name, column: column.header, found: found, reading: reading, reason: answer.doubt ?? "",
        lines: lines)
    }
    .sorted {
      ($0.reason.isEmpty ? 1 : 0, -$0.lines.count, $0.found) < ($1.reason.isEmpty ? 1 : 0, -$1.lines.count, $1.found)
    }
  }

  /// One row per spelling.
  public var csv: String {
    DelimitedTable.text(
      [["name", "column", "found", "reading", "reason", "cells", "lines"]]
        + spellings.map {
          [
            $0.name, $0.column, $0.found, $0.reading, $0.reason, "\($0.lines.count)",
            $0.lines.map(String.init).joined(separator: " "),
          ]
        })
  }

  /// A table for the terminal, a block per column.
  public var text: String {
    var lines: [String] = []
    var column: String?
    let width = min(36, spellings.map(\.found.count).max() ?? 0)
    for spelling in spellings {
      if spelling.column != column {
        column = spelling.column
        lines += (lines.isEmpty ? [] : [""]) + ["\(spelling.name) (column \"\(spelling.column)\")"]
      }
      let found = spelling.found.isEmpty ? "(empty)" : String(spelling.found.prefix(36))
      let padding = String(repeating: " ", count: max(0, max(width, 7) - found.count))
      let reason = spelling.reason.isEmpty ? "" : ": \(spelling.reason)"
      let first = spelling.lines.prefix(5).map(String.init).joined(separator: ", ")
      lines.append(
        "  \(found)\(padding)  \(spelling.reading)\(reason)  (\(spelling.lines.count)x, "
          + "\(spelling.lines.count == 1 ? "line" : "lines") \(first)\(spelling.lines.count > 5 ? ", ..." : ""))")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
