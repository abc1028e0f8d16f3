/// A printed table of counts, one column per group of patients, and whether its sums and percentages hold.
public struct PrintedTable: Equatable, Sendable {
  /// A group of patients.
  public struct Column: Equatable, Sendable {
    /// Its heading.
    public let name: String
    /// How many patients the heading says there are; nil where it says nothing.
    public let total: Int?

    /// Makes a column from its parts.
    public init(_ name: String, total: Int?) {
      self.name = name
      self.total = total
    }
  }

  /// One printed cell.
  public struct Cell: Equatable, Sendable, ExpressibleByIntegerLiteral {
    /// The count.
    public let count: Int
    /// The percentage beside it, of the column's total.
    public let percentage: PrintedNumber?

    /// Makes a cell from its parts.
    public init(_ count: Int, _ percentage: PrintedNumber? = nil) {
      self.count = count
      self.percentage = percentage
    }

    /// A count alone.
    public init(integerLiteral count: Int) { self.init(count) }
  }

  /// One category of a variable.
  public struct Row: Equatable, Sendable {
    /// Its name.
    public let name: String
    /// One cell per column.
    public let cells: [Cell]
    /// The sum that the table prints for the row.
    public let total: Int?

    /// Makes a row from its parts.
    public init(_ name: String, _ cells: [Cell], total: Int? = nil) {
      self.name = name
      self.cells = cells
      self.total = total
    }
  }

  /// Categories that exclude one another and together hold every patient.
  public struct Variable: Equatable, Sendable {
    /// Its name.
    public let name: String
    /// Its categories.
    public let rows: [Row]

    /// Makes a variable from its parts.
    public init(_ name: String, _ rows: [Row]) {
      self.name = name
      self.rows = rows
    }
  }

  /// The groups.
  public let columns: [Column]
  /// What is counted.
  public let variables: [Variable]
  /// The number of patients that the text gives; nil where it gives none.
  public let total: Int?

  /// Makes a table from its parts; each row must have one cell per column.
  public init(columns: [Column], variables: [Variable], total: Int? = nil) {
    precondition(variables.allSatisfy { $0.rows.allSatisfy { $0.cells.count == columns.count } }, "a cell per column")
    self.columns = columns
    self.variables = variables
    self.total = total
  }

  /// What doesn't add up: columns against their headings and the text, rows against their sums, percentages against counts.
  public var contradictions: [Contradiction] { headings + variables.flatMap { sums($0) + $0.rows.flatMap(cells) } }

  private var headings: [Contradiction] {
    let totals = columns.compactMap(\.total)
    let sum = totals.reduce(0, +)
    guard let total, totals.count == columns.count, sum != total else { return [] }
    let list = totals.map(String.init).joined(separator: " + ")
    let made = totals.count > 1 ? "\(list) = \(sum)" : list
    return [Contradiction("headings", "The headings say \(made), the text says \(total).")]
  }

  private func sums(_ variable: Variable) -> [Contradiction] {
    columns.indices.compactMap { column in
      let sum = variable.rows.reduce(0) { $0 + $1.cells[column].count }
      guard let total = columns[column].total, sum != total else { return nil }
      return Contradiction(
        "\(variable.name), \(columns[column].name)",
        "The rows of \(variable.name) make \(sum) in column \(columns[column].name), its heading says \(total).")
    }
  }

  private func cells(_ row: Row) -> [Contradiction] {
    let sum = row.cells.reduce(0) { $0 + $1.count }
    var found: [Contradiction] = []
    if let total = row.total, sum != total {
      found.append(Contradiction(row.name, "The cells of \(row.name) make \(sum), the row says \(total)."))
    }
    for (column, cell) in zip(columns, row.cells) {
      guard let percentage = cell.percentage, let total = column.total, total > 0,
        !percentage.isShare(cell.count, of: total)
      else { continue }
      // In thousandths, which print as a percentage with one decimal.
      let thousandths = (2000 * cell.count + total) / (2 * total)
      found.append(
        Contradiction(
          "\(row.name), \(column.name)",
          "\(cell.count) of \(total) is \(thousandths / 10).\(thousandths % 10)%, printed is \(percentage)."))
    }
    return found
  }
}
