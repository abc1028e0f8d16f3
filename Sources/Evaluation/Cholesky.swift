/// The Cholesky factor of a symmetric, positive definite matrix.
struct Cholesky {
  private let lower: [[Double]]

  /// Factors `matrix`; nil where it isn't positive definite, or a pivot loses 12 digits of its diagonal.
  init?(_ matrix: [[Double]]) {
    var lower = matrix.map { $0.map { _ in 0.0 } }
    for row in matrix.indices {
      for column in 0...row {
        var rest = matrix[row][column]
        for place in 0..<column { rest -= lower[row][place] * lower[column][place] }
        if column < row {
          lower[row][column] = rest / lower[column][column]
        } else {
          guard rest.isFinite, rest > 1e-12 * matrix[row][row] else { return nil }
          lower[row][row] = rest.squareRoot()
        }
      }
    }
    self.lower = lower
  }

  /// The solution x of matrix x = `right`.
  func solve(_ right: [Double]) -> [Double] {
    var solution = right
    for row in solution.indices {
      for column in 0..<row { solution[row] -= lower[row][column] * solution[column] }
      solution[row] /= lower[row][row]
    }
    for row in solution.indices.reversed() {
      for below in (row + 1)..<max(row + 1, solution.count) { solution[row] -= lower[below][row] * solution[below] }
      solution[row] /= lower[row][row]
    }
    return solution
  }

  /// The inverse of the matrix.
  var inverse: [[Double]] {
    lower.indices.map { unit in solve(lower.indices.map { $0 == unit ? 1 : 0 }) }
  }
}
