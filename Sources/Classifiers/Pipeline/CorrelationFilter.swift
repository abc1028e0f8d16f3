/// Of two columns whose correlation is above a limit, one goes: that with the greater mean absolute correlation with all columns.
///
/// Columns are examined from the greatest mean down; one goes when it correlates so with any that comes later (R's caret,
/// `findCorrelation(exact = FALSE)`).
struct CorrelationFilter: PipelineStep {
  /// The greatest absolute Pearson correlation that two columns may have.
  let limit: Double

  var methods: String {
    "of two features with an absolute correlation above \(limit), the one with the greater mean absolute correlation with all "
      + "features was excluded"
  }

  func fit(_ training: TrainingRows) throws(ClassifierError) -> FittedStep {
    let names = training.matrix.names
    let correlations = Correlations(training.matrix)
    var means = [Double](repeating: 0, count: names.count)
    for first in names.indices {
      for second in names.indices where second != first { means[first] += correlations[first, second] }
    }
    let order = means.descendingOrder
    var isKept = [Bool](repeating: true, count: names.count)
    for (place, first) in order.enumerated() {
      isKept[first] = !order[(place + 1)...].contains { correlations[first, $0] > limit }
    }
    return .columns(names.indices.filter { isKept[$0] }.map { names[$0] })
  }
}

/// The absolute Pearson correlation of each two columns; 0 with a constant one.
struct Correlations {
  private let values: [Double]
  private let count: Int

  init(_ matrix: FeatureMatrix) {
    let columns = StandardisedColumns(matrix)
    let (rows, count) = (matrix.rowCount, matrix.columnCount)
    var found = [Double](repeating: 0, count: count * count)
    columns.values.withUnsafeBufferPointer { values in
      guard let start = values.baseAddress else { return }
      for first in 0..<count {
        for second in first..<count {
          let product = dot(start + first * rows, start + second * rows, count: rows) / Double(rows)
          found[first * count + second] = abs(product)
          found[second * count + first] = abs(product)
        }
      }
    }
    values = found
    self.count = count
  }

  subscript(_ first: Int, _ second: Int) -> Double { values[first * count + second] }
}
