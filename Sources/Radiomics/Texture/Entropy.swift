import Foundation

/// Logarithms of shares, as pyradiomics takes them.
enum Entropy {
  /// Is added before the logarithm: numpy's `spacing(1)`.
  static let epsilon = 2.220446049250313e-16

  /// The logarithm to base 2 of a share, finite for 0 too.
  static func logarithm(_ share: Double) -> Double { log2(share + epsilon) }

  /// The entropy of shares in bits.
  static func bits(_ shares: [Double]) -> Double { shares.reduce(0) { $0 - $1 * logarithm($1) } }
}

/// Means of features over matrices.
enum MatrixMean {
  /// By feature: the mean over the matrices where it is defined; NaN where it is in none.
  static func mean(_ rows: [[Double]], count: Int) -> [Double] {
    (0..<count).map { feature in
      let defined = rows.map { $0[feature] }.filter { !$0.isNaN }
      return defined.isEmpty ? .nan : defined.reduce(0, +) / Double(defined.count)
    }
  }
}
