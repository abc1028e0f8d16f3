/// Minimum redundancy, maximum relevance: each next feature has the greatest F statistic divided by its mean absolute correlation
/// with those that were chosen before (FCQ; Ding & Peng 2005; the Python package mrmr_selection).
struct MRMRSelector: FeatureSelector {
  /// Correlations below count as this, so that no quotient is without bound.
  static let floor = 0.001

  func choose(_ count: Int?, from training: TrainingRows, seed: UInt64) -> [Int] {
    let matrix = training.matrix
    let relevances = (0..<matrix.columnCount).map { Self.fStatistic(matrix.column($0), training.labels) }
    var remaining = relevances.indices.filter { relevances[$0] > 0 }
    let columns = StandardisedColumns(matrix)
    let rows = matrix.rowCount
    var redundancies = [Double](repeating: 0, count: matrix.columnCount)
    var chosen: [Int] = []
    let wanted = min(count ?? remaining.count, remaining.count)
    columns.values.withUnsafeBufferPointer { values in
      guard let start = values.baseAddress else { return }
      while chosen.count < wanted {
        let scores = remaining.map { column in
          chosen.isEmpty ? relevances[column] : relevances[column] * Double(chosen.count) / redundancies[column]
        }
        guard let place = scores.descendingOrder.first else { return }
        let next = remaining.remove(at: place)
        chosen.append(next)
        for column in remaining {
          let correlation = dot(start + column * rows, start + next * rows, count: rows) / Double(rows)
          redundancies[column] += max(Self.floor, abs(correlation))
        }
      }
    }
    return chosen
  }

  /// The F statistic of a one-way analysis of variance between the two classes; infinite where each class is constant.
  static func fStatistic(_ values: [Double], _ labels: [Bool]) -> Double {
    let groups = [true, false].map { label in zip(values, labels).filter { $1 == label }.map(\.0) }
    let centre = mean(values)
    let between = groups.reduce(0) { $0 + Double($1.count) * (mean($1) - centre) * (mean($1) - centre) }
    let within = groups.reduce(0) { $0 + Double($1.count) * variance($1) } / Double(values.count - 2)
    return between == 0 ? 0 : between / within
  }
}

extension SelectorKind {
  static let mrmr = SelectorKind(
    "mrmr", title: "minimum redundancy and maximum relevance (F statistic divided by mean correlation)"
  ) { _ in MRMRSelector() }
}
