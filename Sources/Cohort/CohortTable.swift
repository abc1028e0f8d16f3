public import Evaluation
import Foundation

/// A table that describes a cohort by grade class, and proves its own sums before it prints.
public struct CohortTable: Sendable {
  /// One line of a variable.
  public struct Row: Equatable, Sendable {
    /// What is counted.
    public let name: String
    /// Cases of each class.
    public let counts: [Int]
    /// All cases.
    public let total: Int

    /// Makes a row from its counts.
    public init(_ name: String, _ counts: [Int], total: Int) {
      self.name = name
      self.counts = counts
      self.total = total
    }
  }

  /// A variable: its categories, or one number.
  public struct Variable: Sendable {
    /// What a variable's lines are.
    public enum Content: Sendable {
      /// Categories that exclude one another: every case is in one.
      case categories([Row])
      /// Findings of which a case may have several.
      case findings([Row])
      /// A measurement: its value in words for each class and for all.
      case measurement([(name: String, cells: [String])])
    }

    /// The variable's name.
    public let name: String
    /// Its lines.
    public let content: Content
    /// Whether the classes differ; nil where that can't be tested.
    public let test: GroupTest?

    /// Makes a variable from its parts.
    public init(_ name: String, _ content: Content, test: GroupTest? = nil) {
      self.name = name
      self.content = content
      self.test = test
    }
  }

  /// What the table shows.
  public let title: String
  /// What is counted: patients or lesions.
  public let unit: String
  /// The classes with their cases.
  public let classes: [(name: String, count: Int)]
  /// All cases, as the text gives them.
  public let total: Int
  /// What is described.
  public let variables: [Variable]
  /// Sentences on what the table does not count.
  public let remarks: [String]

  /// Makes a table from its parts.
  public init(
    title: String, unit: String, classes: [(name: String, count: Int)], total: Int, variables: [Variable],
    remarks: [String] = []
  ) {
    self.title = title
    self.unit = unit
    self.classes = classes
    self.total = total
    self.variables = variables
    self.remarks = remarks
  }

  /// What does not add up: classes against the total, categories against classes, rows against their own sums.
  public var contradictions: [String] {
    let columns = classes.map { PrintedTable.Column($0.name, total: $0.count) }
    let partitions = variables.compactMap { variable -> PrintedTable.Variable? in
      guard case .categories(let rows) = variable.content else { return nil }
      return PrintedTable.Variable(
        variable.name,
        rows.map { row in PrintedTable.Row(row.name, row.counts.map { PrintedTable.Cell($0) }, total: row.total) })
    }
    let printed = PrintedTable(columns: columns, variables: partitions, total: total)
    return printed.contradictions.map(\.description) + variables.flatMap(findingContradictions)
  }

  private func findingContradictions(_ variable: Variable) -> [String] {
    guard case .findings(let rows) = variable.content else { return [] }
    return rows.flatMap { row in
      let sum = row.counts.reduce(0, +)
      let tooMany = zip(classes, row.counts).filter { $1 > $0.count }.map { column, count in
        "The row \(row.name) of \(variable.name) has \(count) in column \(column.name), its heading says \(column.count)."
      }
      return tooMany
        + (sum == row.total
          ? [] : ["The cells of \(row.name) (\(variable.name)) make \(sum), the row says \(row.total)."])
    }
  }

  /// Throws where the table contradicts itself.
  func requireSums() throws(CohortError) {
    let found = contradictions
    guard !found.isEmpty else { return }
    throw CohortError(
      .contradiction, "\"\(title)\" does not add up and is not printed: " + found.joined(separator: " "))
  }

  /// The table as lines of cells; a variable's own line has its name and its test alone.
  ///
  /// - Throws: `CohortError` of kind `.contradiction`, naming every row and its sums, where the table does not add up.
  func lines() throws(CohortError) -> (header: [String], body: [(isVariable: Bool, cells: [String])], notes: [String]) {
    try requireSums()
    let header = [""] + (classes + [("Total", total)]).map { "\($0.name) (n = \($0.count))" } + ["p"]
    var body: [(Bool, [String])] = []
    var notes: [String] = ["Counts of \(unit) (percent of the column)."] + remarks
    let empty = classes.map { _ in "" } + [""]
    for variable in variables {
      body.append((true, [variable.name] + empty + [variable.test.map { Self.text(p: $0.p) } ?? ""]))
      if let test = variable.test { notes.append("\(variable.name): \(test.name).") }
      switch variable.content {
      case .categories(let rows), .findings(let rows):
        if case .findings = variable.content { notes.append("\(variable.name): several are possible.") }
        for row in rows {
          let cells = zip(row.counts + [row.total], classes.map(\.count) + [total]).map(Self.text)
          body.append((false, [row.name] + cells + [""]))
        }
      case .measurement(let rows): for row in rows { body.append((false, [row.name] + row.cells + [""])) }
      }
    }
    return (header, body, notes)
  }

  /// A count with its percentage of `all`.
  private static func text(_ count: Int, of all: Int) -> String {
    all > 0 ? "\(count) (\(String(format: "%.1f", 100 * Double(count) / Double(all))))" : "\(count)"
  }

  /// A p-value with three decimals.
  static func text(p: Double) -> String { p < 0.001 ? "< 0.001" : String(format: "%.3f", p) }
}
