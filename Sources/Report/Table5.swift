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
  /// A value, with its interval where it is ours.
  struct Value {
    var value: Double?
    var interval: Interval?

    var text: String { Format.number(value) + (interval.map { " (\(Format.range($0)))" } ?? "") }
  }

  static let columns = ["Batch size", "Source", "Level", "n", "Sensitivity", "Specificity", "Accuracy", "AUC"]

  var batchSize: Int
  var source: String
  var level: String
  var count: Int?
  /// Sensitivity, specificity, accuracy, AUC.
  var values: [Value]

  /// Ours, level by level, each batch size followed by the paper's row for it.
  static func all(_ runs: [RunContent]) -> [Table5Row] {
    let ours = runs.flatMap { content in
      [Level.patient, .lesion, .slice].map { level in
        let metrics = content.metrics.pooled[level]
        return Table5Row(
          batchSize: content.settings.training.batchSize, source: "this study", level: level.rawValue, count: metrics.n,
          values: [
            Value(value: metrics.sensitivity, interval: metrics.sensitivityInterval),
            Value(value: metrics.specificity, interval: metrics.specificityInterval),
            Value(value: metrics.accuracy, interval: metrics.accuracyInterval),
            Value(value: metrics.auc, interval: metrics.aucInterval),
          ])
      }
    }
    let paper = PaperTable5.rows.map { row in
      Table5Row(
        batchSize: row.batchSize, source: "the paper", level: "not stated", count: nil,
        values: [row.sensitivity, row.specificity, row.accuracy, row.auc].map { Value(value: $0) })
    }
    let sizes = Set((ours + paper).map(\.batchSize)).sorted()
    return sizes.flatMap { size in (ours + paper).filter { $0.batchSize == size } }
  }

  static func csv(_ rows: [Table5Row]) -> String {
    let names = ["sensitivity", "specificity", "accuracy", "auc"].flatMap { [$0, "\($0)Lower", "\($0)Upper"] }
    return rows.reduce("batchSize,source,level,n," + names.joined(separator: ",") + "\n") { text, row in
      let values = row.values.flatMap { [$0.value, $0.interval?.lower, $0.interval?.upper] }.map(Format.data)
      return text + "\(row.batchSize),\(row.source),\(row.level),\(row.count.map(String.init) ?? ""),"
        + values.joined(separator: ",") + "\n"
    }
  }

  static func markdown(_ rows: [Table5Row]) -> String {
    var lines = ["| \(columns.joined(separator: " | ")) |", "|---:|---|---|---:|---|---|---|---|"]
    for row in rows {
      let cells =
        ["\(row.batchSize)", row.source, row.level, row.count.map(String.init) ?? "–"] + row.values.map(\.text)
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
          + row.values.map { Format.cell($0.value, $0.interval) }
      }, leadingColumns: 3
    ).html
  }
}
