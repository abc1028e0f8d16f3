import Support

/// A cell of the clinical table that says something that is no single value.
public struct CellNotUnderstood: Codable, Equatable, Sendable {
  /// The list in the study's folder `cohort`.
  static let file = "not-understood.csv"

  /// The row's line in the table.
  public let line: Int
  /// The column's header.
  public let column: String
  /// What the cell holds.
  public let found: String
  /// Why it is not understood.
  public let reason: String

  /// A reason for a selection: what was found, and why it is no value.
  static func sentence(_ name: String, _ cell: String?, _ reason: String) -> String {
    let text = cell ?? ""
    // A long text is no value, and may name a person.
    let shown = text.count > 40 ? "\(text.prefix(37))..." : text
    return "\(name) not understood: \"\(shown)\" (\(reason))"
  }

  /// One row per cell.
  static func csv(_ cells: [CellNotUnderstood]) -> String {
    DelimitedTable.text(
      [["line", "column", "found", "reason"]] + cells.map { ["\($0.line)", $0.column, $0.found, $0.reason] })
  }
}
