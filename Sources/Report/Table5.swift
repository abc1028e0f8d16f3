import Evaluation

/// The paper's Table 5 as printed, with the AUC of its text: the result at each batch size, at a level that it does not state.
struct PaperTable5: Sendable {
  let batchSize: Int
  let sensitivity: Double
  let specificity: Double
  let accuracy: Double
  let auc: Double?

  static let rows = [
    PaperTable5(batchSize: 4, sensitivity: 0.55, specificity: 0.88, accuracy: 0.77, auc: nil),
    PaperTable5(batchSize: 16, sensitivity: 0.67, specificity: 0.94, accuracy: 0.84, auc: 0.88),
    PaperTable5(batchSize: 64, sensitivity: 0.53, specificity: 0.81, accuracy: 0.71, auc: nil),
  ]
}

/// One row of Table 5 with ours beside the paper's.
struct Table5Row {
  /// The paper's measures, in its order.
  static let metrics: [Metric] = [.sensitivity, .specificity, .accuracy, .auc]
  static let columns = ["Batch size", "Source", "Level", "n"] + metrics.map { Format.heading($0.name) }

  var batchSize: Int
  var source: String
  var level: String
  var count: Int?
  /// One for each of `metrics`; without an interval where it is the paper's.
  var estimates: [Estimate]

  /// Ours, level by level, each batch size followed by the paper's row for it.
  static func all(_ runs: [RunContent]) -> [Table5Row] {
    let ours = runs.flatMap { content in
      [Level.patient, .lesion, .slice].map { level in
        let metrics = content.metrics.pooled[level]
        return Table5Row(
          batchSize: content.batchSize, source: "this study", level: level.rawValue, count: metrics.n,
          estimates: Self.metrics.map { metrics[$0] })
      }
    }
    let paper = PaperTable5.rows.map { row in
      Table5Row(
        batchSize: row.batchSize, source: "the paper", level: "not stated", count: nil,
        estimates: [row.sensitivity, row.specificity, row.accuracy, row.auc].map { Estimate(value: $0, interval: nil) })
    }
    let sizes = Set((ours + paper).map(\.batchSize)).sorted()
    return sizes.flatMap { size in (ours + paper).filter { $0.batchSize == size } }
  }

  static func csv(_ rows: [Table5Row]) -> String {
    let names = metrics.flatMap { [$0.key, "\($0.key)Lower", "\($0.key)Upper"] }
    return rows.reduce("batchSize,source,level,n," + names.joined(separator: ",") + "\n") { text, row in
      let values = row.estimates.flatMap { [$0.value, $0.interval?.lower, $0.interval?.upper] }.map(Format.data)
      return text + "\(row.batchSize),\(row.source),\(row.level),\(row.count.map(String.init) ?? ""),"
        + values.joined(separator: ",") + "\n"
    }
  }

  static func markdown(_ rows: [Table5Row]) -> String {
    var lines = ["| \(columns.joined(separator: " | ")) |", "|---:|---|---|---:|---|---|---|---|"]
    for row in rows {
      let cells =
        ["\(row.batchSize)", row.source, row.level, row.count.map(String.init) ?? "–"] + row.estimates.map(Format.text)
      lines.append("| \(cells.joined(separator: " | ")) |")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  static func html(_ rows: [Table5Row]) -> HTML {
    HTMLTable(
      caption: "Table 5: result by batch size, with 95% intervals, beside the paper's printed values", columns: columns,
      rows: rows.map { row in
        [
          "Batch \(row.batchSize)", HTML(text: row.source), HTML(text: row.level),
          HTML(text: row.count.map(String.init) ?? "–"),
        ]
          + row.estimates.map(Format.cell)
      }, leadingColumns: 3
    ).html
  }
}
