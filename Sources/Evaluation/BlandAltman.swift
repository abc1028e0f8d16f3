/// The bias and the limits of agreement of two readers' measurements of the same, independent things.
///
/// Source: Bland and Altman, Statistical Methods in Medical Research 1999;8:135-160.
public struct BlandAltman: Equatable, Sendable {
  /// The mean of second less first, with its interval by Student's t.
  public let bias: Estimate
  /// The bias less and plus 1.96 standard deviations of the differences, with approximate intervals by Student's t.
  public let lower, upper: Estimate
  /// The standard deviation of the differences.
  public let deviation: Double

  /// Compares two lists in the same order.
  ///
  /// - Throws: `NotEstimable` where they differ in length, a value is not finite, there are fewer than 3, or all differences are equal.
  public init(_ first: [Double], _ second: [Double], level: Double = 0.95) throws(NotEstimable) {
    try check(level: level)
    guard first.count == second.count else { throw .differentCases }
    let odd = zip(first, second).count { !$0.isFinite || !$1.isFinite }
    guard odd == 0 else { throw .notFinite(odd) }
    guard first.count > 2 else { throw .tooFewClusters(found: first.count, needed: 3, of: "pairs of measurements") }
    let n = Double(first.count)
    let differences = zip(first, second).map { $1 - $0 }
    let mean = differences.reduce(0, +) / n
    deviation = (differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (n - 1)).squareRoot()
    let size = (first + second).reduce(0) { max($0, abs($1)) }
    guard deviation > 1e-12 * size else { throw .noVariation("all differences are equal") }
    let t = StudentT.quantile(0.5 + level / 2, degrees: n - 1)
    func estimate(_ value: Double, _ error: Double) -> Estimate {
      Estimate(
        value: value,
        interval: Interval(lower: value - t * error, upper: value + t * error, level: level, method: "Bland and Altman")
      )
    }
    let limitError = deviation * (1 / n + 1.96 * 1.96 / (2 * (n - 1))).squareRoot()
    bias = estimate(mean, deviation / n.squareRoot())
    lower = estimate(mean - 1.96 * deviation, limitError)
    upper = estimate(mean + 1.96 * deviation, limitError)
  }
}
