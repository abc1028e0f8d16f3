import Foundation

/// Functions of the C library by plain names.
enum Elementary {
  /// e to the power of a number.
  static func exponential(_ value: Double) -> Double { exp(value) }
}

/// The eigenvalues of symmetrical matrices.
enum SymmetricEigenvalues {
  /// All eigenvalues, in no order.
  ///
  /// Householder's reduction to three diagonals, then implicit QL (Golub and Van Loan, Matrix Computations, 4th edition, sections 8.3.1
  /// and 8.3.3).
  ///
  /// - Parameters:
  ///   - matrix: `count` x `count` values, row by row; it is overwritten.
  ///   - count: rows and columns; at least 1.
  /// - Returns: as many values as rows.
  static func all(_ matrix: inout [Double], _ count: Int) -> [Double] {
    var diagonal = [Double](repeating: 0, count: count)
    var beside = diagonal
    matrix.withUnsafeMutableBufferPointer { reduce($0, count, &diagonal, &beside) }
    iterate(&diagonal, &beside)
    return diagonal
  }

  private static func reduce(
    _ a: UnsafeMutableBufferPointer<Double>, _ n: Int, _ diagonal: inout [Double], _ beside: inout [Double]
  ) {
    var reflector = [Double](repeating: 0, count: n)
    var product = reflector
    for column in 0..<max(n - 2, 0) {
      let first = column + 1
      var norm = 0.0
      for row in first..<n { norm += a[row * n + column] * a[row * n + column] }
      norm = norm.squareRoot()
      let head = a[first * n + column]
      beside[first] = head > 0 ? -norm : norm
      guard norm > 0 else { continue }
      var squares = 0.0
      for row in first..<n {
        reflector[row] = a[row * n + column] - (row == first ? beside[first] : 0)
        squares += reflector[row] * reflector[row]
      }
      guard squares > 0 else { continue }
      let factor = 2 / squares
      var dot = 0.0
      for row in first..<n {
        var sum = 0.0
        for other in first..<n { sum += a[row * n + other] * reflector[other] }
        product[row] = factor * sum
        dot += product[row] * reflector[row]
      }
      let half = factor * dot / 2
      for row in first..<n { product[row] -= half * reflector[row] }
      for row in first..<n {
        let (one, other) = (reflector[row], product[row])
        for place in first..<n { a[row * n + place] -= one * product[place] + other * reflector[place] }
      }
    }
    for row in 0..<n { diagonal[row] = a[row * n + row] }
    if n > 1 { beside[n - 1] = a[(n - 1) * n + n - 2] }
    // The off-diagonal values stand one place before their row.
    for row in 1..<max(n, 1) { beside[row - 1] = beside[row] }
    beside[n - 1] = 0
  }

  private static func iterate(_ d: inout [Double], _ e: inout [Double]) {
    let n = d.count
    for low in 0..<n {
      // Sixty rounds are twice what any matrix needs.
      for _ in 0..<60 {
        var high = low
        while high < n - 1, abs(e[high]) > Double.ulpOfOne * (abs(d[high]) + abs(d[high + 1])) { high += 1 }
        guard high > low else { break }
        var g = (d[low + 1] - d[low]) / (2 * e[low])
        var r = hypot(g, 1)
        g = d[high] - d[low] + e[low] / (g + (g >= 0 ? r : -r))
        var (s, c, p) = (1.0, 1.0, 0.0)
        var isCut = false
        for i in stride(from: high - 1, through: low, by: -1) {
          let (f, b) = (s * e[i], c * e[i])
          r = hypot(f, g)
          e[i + 1] = r
          guard r > 0 else {
            d[i + 1] -= p
            e[high] = 0
            isCut = true
            break
          }
          (s, c) = (f / r, g / r)
          g = d[i + 1] - p
          r = (d[i] - g) * s + 2 * c * b
          p = s * r
          d[i + 1] = g + p
          g = c * r - b
        }
        if isCut { continue }
        d[low] -= p
        e[low] = g
        e[high] = 0
      }
    }
  }
}
