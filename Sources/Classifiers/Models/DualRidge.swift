internal import Foundation

/// Solves the ridge's problem where there are more columns than rows: the coefficients are a weighted sum of the rows, and
/// Newton's method finds one weight for each row instead of one coefficient for each column.
struct DualRidge: PenalisedSolver {
  private let columns: StandardisedColumns
  private let targets: [Double]
  private let tolerance: Double
  /// The inner products of the standardised rows, row by row.
  private let products: [Double]
  private var rowWeights: [Double]
  private(set) var intercept: Double

  init(_ columns: StandardisedColumns, labels: [Bool], tolerance: Double) {
    self.columns = columns
    self.tolerance = tolerance
    targets = labels.map { $0 ? 1 : 0 }
    let count = columns.rowCount
    let width = columns.scales.count
    // The columns one after the other become rows one after the other, whose inner products are fast.
    var rows = Array(repeating: 0.0, count: count * width)
    for column in 0..<width {
      for row in 0..<count { rows[row * width + column] = columns.values[column * count + row] }
    }
    var products = Array(repeating: 0.0, count: count * count)
    rows.withUnsafeBufferPointer { rows in
      guard let rows = rows.baseAddress else { return }
      for first in 0..<count {
        for second in 0...first {
          let product = dot(rows + first * width, rows + second * width, count: width)
          products[first * count + second] = product
          products[second * count + first] = product
        }
      }
    }
    self.products = products
    rowWeights = Array(repeating: 0, count: count)
    let share = targets.reduce(0, +) / Double(count)
    intercept = log(share / (1 - share))
  }

  var coefficients: [Double] {
    let count = columns.rowCount
    return columns.scales.indices.map { column in
      dot(Array(columns.values[column * count..<(column + 1) * count]), rowWeights)
    }
  }

  mutating func solve(penalty: Double) throws(ClassifierError) {
    var value = objective(rowWeights, intercept, penalty: penalty)
    for _ in 0..<200 {
      let (nextWeights, nextIntercept) = try newton(penalty: penalty)
      var share = 1.0
      var (weights, offset) = (nextWeights, nextIntercept)
      var next = objective(weights, offset, penalty: penalty)
      // Halve the step while the approximation promised more than the likelihood gives.
      while next > value + 1e-13 * abs(value), share > 1e-6 {
        share /= 2
        weights = zip(rowWeights, nextWeights).map { $0 + share * ($1 - $0) }
        offset = intercept + share * (nextIntercept - intercept)
        next = objective(weights, offset, penalty: penalty)
      }
      let odds = zip(products(with: weights), products(with: rowWeights)).map { $0 + offset - $1 - intercept }
      (rowWeights, intercept, value) = (weights, offset, next)
      if odds.reduce(0, { max($0, $1 * $1) }) < tolerance { return }
    }
    throw ClassifierError(
      "the ridge logistic regression did not converge at a penalty of \(penalty): choose a greater one")
  }

  /// The solution of the quadratic approximation at the present odds.
  private func newton(penalty: Double) throws(ClassifierError) -> (weights: [Double], intercept: Double) {
    let count = columns.rowCount
    let odds = products(with: rowWeights).map { $0 + intercept }
    let probabilities = odds.map(logistic)
    let roots = probabilities.map { max($0 * (1 - $0), 1e-9).squareRoot() }
    var matrix = Array(repeating: 0.0, count: count * count)
    for row in 0..<count {
      for column in 0..<count {
        matrix[row * count + column] = roots[row] * products[row * count + column] * roots[column]
      }
      matrix[row * count + row] += Double(count) * penalty
    }
    guard let factor = Cholesky(matrix, size: count) else {
      throw ClassifierError("the ridge logistic regression has no solution at a penalty of \(penalty)")
    }
    let wanted = odds.indices.map { roots[$0] * odds[$0] + (targets[$0] - probabilities[$0]) / roots[$0] }
    let (ofWanted, ofRoots) = (factor.solve(wanted), factor.solve(roots))
    // The rows' weights sum to 0, since the intercept has no penalty.
    let offset = dot(roots, ofWanted) / dot(roots, ofRoots)
    return (roots.indices.map { roots[$0] * (ofWanted[$0] - offset * ofRoots[$0]) }, offset)
  }

  private func products(with weights: [Double]) -> [Double] {
    let count = columns.rowCount
    return products.withUnsafeBufferPointer { products in
      weights.withUnsafeBufferPointer { weights in
        guard let products = products.baseAddress, let weights = weights.baseAddress else { return [] }
        return (0..<count).map { dot(products + $0 * count, weights, count: count) }
      }
    }
  }

  /// The function that is minimised.
  private func objective(_ weights: [Double], _ offset: Double, penalty: Double) -> Double {
    let sums = products(with: weights)
    let loss = zip(targets, sums).reduce(0) { $0 + softplus($1.1 + offset) - $1.0 * ($1.1 + offset) }
    return loss / Double(targets.count) + penalty / 2 * dot(sums, weights)
  }
}
