/// A table's columns with mean 0 and standard deviation 1 (of the population, as glmnet has it), one after the other.
struct StandardisedColumns {
  let rowCount: Int
  /// What was subtracted from each column.
  let centres: [Double]
  /// What each column was divided by; 0 where it is constant, which the standardised column is then as well.
  let scales: [Double]
  /// The values column by column.
  let values: [Double]

  init(_ matrix: FeatureMatrix) {
    let count = Double(matrix.rowCount)
    var centres: [Double] = []
    var scales: [Double] = []
    var values: [Double] = []
    values.reserveCapacity(matrix.rowCount * matrix.columnCount)
    for column in 0..<matrix.columnCount {
      let found = matrix.column(column)
      let centre = found.reduce(0) { $0 + $1 / count }
      let isConstant = found.allSatisfy { $0 == found[0] }
      let scale = isConstant ? 0 : found.reduce(0) { $0 + ($1 - centre) * ($1 - centre) / count }.squareRoot()
      centres.append(centre)
      scales.append(scale)
      values += scale > 0 ? found.map { ($0 - centre) / scale } : Array(repeating: 0, count: found.count)
    }
    rowCount = matrix.rowCount
    self.centres = centres
    self.scales = scales
    self.values = values
  }
}
