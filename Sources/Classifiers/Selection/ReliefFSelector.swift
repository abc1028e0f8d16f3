/// ReliefF: a feature is wanted as it differs between a row and its nearest rows of the other class more than between it and its
/// nearest rows of its own class (Kononenko 1994; as skrebate has it for continuous features).
struct ReliefFSelector: FeatureSelector {
  /// How many nearest rows of each class are looked at.
  var neighbours = 10

  func choose(_ count: Int?, from training: TrainingRows, seed: UInt64) -> [Int] {
    let order = scores(training).descendingOrder
    return Array(order.prefix(count ?? order.count))
  }

  /// A score for each column.
  func scores(_ training: TrainingRows) -> [Double] {
    let (matrix, labels) = (training.matrix, training.labels)
    let ranges = (0..<matrix.columnCount).map { column in
      let values = matrix.column(column)
      return (values.min() ?? 0, values.max() ?? 0)
    }
    let scaled = matrix.mapped { value, column in
      let (lowest, highest) = ranges[column]
      return highest > lowest ? (value - lowest) / (highest - lowest) : 0
    }
    let rows = (0..<scaled.rowCount).map { Array(scaled.row($0)) }
    var scores = [Double](repeating: 0, count: matrix.columnCount)
    for row in rows.indices {
      let distances = rows.map { other in zip(rows[row], other).reduce(0) { $0 + abs($1.0 - $1.1) } }
      let order = rows.indices.filter { $0 != row }.sorted { (distances[$0], $0) < (distances[$1], $1) }
      for (isHit, sign) in [(true, -1.0), (false, 1.0)] {
        let nearest = order.filter { (labels[$0] == labels[row]) == isHit }.prefix(neighbours)
        for other in nearest {
          let weight = sign / Double(nearest.count * rows.count)
          for column in scores.indices { scores[column] += weight * abs(rows[row][column] - rows[other][column]) }
        }
      }
    }
    return scores
  }
}

extension SelectorKind {
  static let reliefF = SelectorKind("reliefF", title: "ReliefF with 10 neighbours of each class") { _ in
    ReliefFSelector()
  }
}
