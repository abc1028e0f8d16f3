import Foundation

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

  /// The second largest magnitude among the eigenvalues of a large matrix with few entries.
  ///
  /// Lanczos' method with full orthogonalisation, in the space without the first eigenvector (Golub and Van Loan, section 10.1).
  ///
  /// - Parameters:
  ///   - entries: the entries on and above the diagonal.
  ///   - first: the eigenvector of the largest eigenvalue, of length 1.
  /// - Returns: the magnitude.
  static func second(_ entries: [(i: Int, j: Int, value: Double)], first: [Double]) -> Double {
    let steps = min(first.count - 1, 200)
    func product(_ one: [Double], _ other: [Double]) -> Double { zip(one, other).reduce(0) { $0 + $1.0 * $1.1 } }
    func orthogonal(_ vector: [Double], to basis: [[Double]]) -> [Double] {
      var vector = vector
      for direction in basis + [first] {
        let share = product(vector, direction)
        for index in vector.indices { vector[index] -= share * direction[index] }
      }
      return vector
    }
    var basis: [[Double]] = []
    var generator = 1.0
    // Any vector will do that has a part of the one that is looked for.
    var next = orthogonal(
      first.map { _ in
        generator = (generator * 16807).truncatingRemainder(dividingBy: 2_147_483_647)
        return generator / 2_147_483_647 - 0.5
      }, to: [])
    var (diagonal, beside): ([Double], [Double]) = ([], [])
    for _ in 0..<steps {
      let length = product(next, next).squareRoot()
      guard length > 1e-12 else { break }
      if !basis.isEmpty { beside.append(length) }
      let vector = next.map { $0 / length }
      basis.append(vector)
      var image = [Double](repeating: 0, count: first.count)
      for (i, j, value) in entries {
        image[i] += value * vector[j]
        if i != j { image[j] += value * vector[i] }
      }
      diagonal.append(product(image, vector))
      // Twice: rounding brings the first eigenvector back.
      next = orthogonal(orthogonal(image, to: basis), to: basis)
    }
    guard !diagonal.isEmpty else { return 0 }
    beside = Array(beside.prefix(diagonal.count - 1)) + [0]
    iterate(&diagonal, &beside)
    return diagonal.map(abs).max() ?? 0
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
