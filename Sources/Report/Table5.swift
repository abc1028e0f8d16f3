import Analysis
import Evaluation

/// A sweep as the paper's Table 5, ours beside the paper's, in the forms in which it is written.
enum Table5 {
  private static let columns =
    ["Batch size", "Source", "Level", "n"] + SweepResult.metrics.map { Format.heading($0.name) }

  private static func source(_ row: SweepResult.Row) -> String {
    switch row.source {
    case .study: "this study"
    case .paper: "the paper"
    }
  }

  private static func level(_ row: SweepResult.Row) -> String { row.level?.rawValue ?? "not stated" }

  static func csv(_ rows: [SweepResult.Row]) -> String {
    let names = SweepResult.metrics.flatMap { [$0.key, "\($0.key)Lower", "\($0.key)Upper"] }
    return rows.reduce("batchSize,source,level,n," + names.joined(separator: ",") + "\n") { text, row in
      let values = row.estimates.flatMap { [$0.value, $0.interval?.lower, $0.interval?.upper] }.map(Format.data)
      return text + "\(row.batchSize),\(source(row)),\(level(row)),\(row.count.map(String.init) ?? ""),"
        + values.joined(separator: ",") + "\n"
    }
  }

  static func markdown(_ rows: [SweepResult.Row]) -> String {
    var lines = ["| \(columns.joined(separator: " | ")) |", "|---:|---|---|---:|---|---|---|---|"]
    for row in rows {
      let cells =
        ["\(row.batchSize)", source(row), level(row), row.count.map(String.init) ?? "–"]
        + row.estimates.map(Format.text)
      lines.append("| \(cells.joined(separator: " | ")) |")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  static func html(_ rows: [SweepResult.Row]) -> HTML {
    HTMLTable(
      caption: "Table 5: result by batch size, with 95% intervals, beside the paper's printed values", columns: columns,
      rows: rows.map { row in
        [
          "Batch \(row.batchSize)", HTML(text: source(row)), HTML(text: level(row)),
          HTML(text: row.count.map(String.init) ?? "–"),
        ]
          + row.estimates.map(Format.cell)
      }, leadingColumns: 3
    ).html
  }
}
