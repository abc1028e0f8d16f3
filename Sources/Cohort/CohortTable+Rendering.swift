import Study
import Support

extension CohortTable {
  /// How a table can be written.
  public enum Format: String, CaseIterable, Sendable {
    /// For the terminal.
    case text
    /// For a spreadsheet.
    case csv
    /// For a README.
    case markdown
    /// For a paper: a `tabular` with booktabs rules.
    case latex

    /// The extension of its files.
    public var fileExtension: String {
      switch self {
      case .text: "txt"
      case .csv: "csv"
      case .markdown: "md"
      case .latex: "tex"
      }
    }
  }

  /// The table in a format.
  ///
  /// - Throws: `CohortError` of kind `.contradiction`, naming every row and its sums, where the table does not add up.
  public func rendered(as format: Format) throws(CohortError) -> String {
    let (header, body, notes) = try lines()
    switch format {
    case .text: return Self.text(title, header, body, notes)
    case .csv:
      // A category goes with its variable, so that rows can be sorted and joined.
      var variable = ""
      let rows = body.map { isVariable, cells in
        if isVariable { variable = cells[0] }
        return [variable, isVariable ? "" : cells[0]] + cells.dropFirst()
      }
      return DelimitedTable.text([["variable", "category"] + header.dropFirst()] + rows)
    case .markdown: return Self.markdown(title, header, body, notes)
    case .latex: return Self.latex(title, header, body, notes)
    }
  }

  private typealias Body = [(isVariable: Bool, cells: [String])]

  private static func text(_ title: String, _ header: [String], _ body: Body, _ notes: [String]) -> String {
    let rows = [header] + body.map { [$0.isVariable ? $0.cells[0] : "  " + $0.cells[0]] + $0.cells.dropFirst() }
    let widths = header.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    func padded(_ row: [String]) -> String {
      let cells = row.enumerated().map { index, cell in
        let blanks = String(repeating: " ", count: widths[index] - cell.count)
        return index == 0 ? cell + blanks : blanks + cell
      }
      let line = cells.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
    let rule = String(repeating: "-", count: widths.reduce(0, +) + 2 * (widths.count - 1))
    return ([title, rule, padded(header), rule] + body.indices.map { padded(rows[$0 + 1]) } + [rule] + notes)
      .joined(separator: "\n") + "\n"
  }

  private static func markdown(_ title: String, _ header: [String], _ body: Body, _ notes: [String]) -> String {
    func line(_ cells: [String]) -> String {
      "| " + cells.map { $0.replacingOccurrences(of: "|", with: "\\|") }.joined(separator: " | ") + " |"
    }
    let rule = "|---|" + header.dropFirst().map { _ in "---:|" }.joined()
    let rows = body.map { isVariable, cells in
      line([isVariable ? "**\(cells[0])**" : cells[0]] + cells.dropFirst())
    }
    return (["**\(title)**", "", line(header), rule] + rows + ["", notes.joined(separator: " ")]).joined(
      separator: "\n")
      + "\n"
  }

  private static func latex(_ title: String, _ header: [String], _ body: Body, _ notes: [String]) -> String {
    func line(_ cells: [String]) -> String { cells.map(escaped).joined(separator: " & ") + #" \\"# }
    let rows = body.map { isVariable, cells in (isVariable ? "" : #"\quad "#) + line(cells) }
    return
      ([
        "% needs \\usepackage{booktabs}", #"\begin{table}"#, "\\caption{\(escaped(title))}",
        "\\begin{tabular}{l\(header.dropFirst().map { _ in "r" }.joined())}", #"\toprule"#, line(header), #"\midrule"#,
      ] + rows + [
        #"\bottomrule"#, #"\end{tabular}"#, "", "\\footnotesize \(escaped(notes.joined(separator: " ")))",
        #"\end{table}"#,
      ]).joined(separator: "\n") + "\n"
  }

  /// Text in which LaTeX's own characters stand for themselves.
  private static func escaped(_ text: String) -> String {
    let replacements: [Character: String] = [
      "&": #"\&"#, "%": #"\%"#, "$": #"\$"#, "#": #"\#"#, "_": #"\_"#, "{": #"\{"#, "}": #"\}"#, "<": "$<$", ">": "$>$",
      "\\": #"\textbackslash{}"#, "~": #"\textasciitilde{}"#, "^": #"\textasciicircum{}"#, "≤": #"$\leq$"#,
      "±": #"$\pm$"#,
    ]
    return text.map { replacements[$0] ?? String($0) }.joined()
  }
}
