/// The Cholesky factor of a symmetric positive definite matrix.
struct Cholesky {
  private let size: Int
  /// The lower triangle, row by row.
  private var factor: [Double]

  /// Factorises a matrix that is given row by row; nil where it is not positive definite.
  init?(_ matrix: [Double], size: Int) {
    self.size = size
    factor = matrix
    let isPositive = factor.withUnsafeMutableBufferPointer { factor in
      guard let base = factor.baseAddress else { return true }
      for row in 0..<size {
        for column in 0...row {
          let sum = dot(base + row * size, base + column * size, count: column)
          let rest = factor[row * size + column] - sum
          if row == column {
            guard rest > 0 else { return false }
            factor[row * size + row] = rest.squareRoot()
          } else {
            factor[row * size + column] = rest / factor[column * size + column]
          }
        }
      }
      return true
    }
    if !isPositive { return nil }
  }

  /// The vector whose product with the matrix is this one.
  func solve(_ vector: [Double]) -> [Double] {
    var found = vector
    for row in 0..<size {
      for column in 0..<row { found[row] -= factor[row * size + column] * found[column] }
      found[row] /= factor[row * size + row]
    }
    for row in (0..<size).reversed() {
      for below in row + 1..<size { found[row] -= factor[below * size + row] * found[below] }
      found[row] /= factor[row * size + row]
    }
    return found
  }
}
