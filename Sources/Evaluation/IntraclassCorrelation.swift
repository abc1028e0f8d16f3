/// How far several readers' measurements of the same things agree: a single measurement's intraclass correlation.
///
/// The interval assumes independent things; where patients have several, take one over draws of patients.
/// Source: Shrout and Fleiss, Psychological Bulletin 1979;86:420-428.
public struct IntraclassCorrelation: Equatable, Sendable {
  /// Which of the forms.
  public enum Form: String, Codable, CaseIterable, Sendable {
    /// ICC(2,1): two-way random effects, absolute agreement.
    case agreement
    /// ICC(3,1): two-way mixed effects, consistency: a reader's constant shift does not count.
    case consistency
  }

  /// Mean squares between things, between readers, and of what is left.
  private let things, readers, error: Double
  private let n, k: Double

  /// Takes a table with a row for each thing and a column for each reader.
  ///
  /// - Throws: `NotEstimable` where there are fewer than two rows or columns, rows differ in length (a measurement is missing), a value
  ///   is not finite, or no thing differs from another.
  public init(_ table: [[Double]]) throws(NotEstimable) {
    guard let width = table.first?.count else { throw .noCases }
    guard table.allSatisfy({ $0.count == width }) else {
      throw .badSetting("every reader must have measured every lesion; exclude incomplete rows, and report it")
    }
    guard width > 1 else { throw .badSetting("at least 2 readers are needed, found \(width)") }
    guard table.count > 1 else { throw .tooFewClusters(found: table.count, needed: 2, of: "measured lesions") }
    let odd = table.count { !$0.allSatisfy(\.isFinite) }
    guard odd == 0 else { throw .notFinite(odd) }
    (n, k) = (Double(table.count), Double(width))
    let columns = (0..<width).map { column in table.reduce(0) { $0 + $1[column] } / Double(table.count) }
    let grand = columns.reduce(0, +) / Double(width)
    var (between, left) = (0.0, 0.0)
    for row in table {
      let mean = row.reduce(0, +) / Double(width)
      between += Double(width) * (mean - grand) * (mean - grand)
      for (value, column) in zip(row, columns) {
        let residual = value - mean - column + grand
        left += residual * residual
      }
    }
    let scale = table.joined().reduce(0) { $0 + ($1 - grand) * ($1 - grand) }
    guard between > 1e-12 * scale, scale > 0 else { throw .noVariation("the lesions' mean values do not differ") }
    things = between / (n - 1)
    readers = n * columns.reduce(0) { $0 + ($1 - grand) * ($1 - grand) } / (k - 1)
    // What rounding leaves is no error.
    error = left > 1e-14 * scale ? left / ((n - 1) * (k - 1)) : 0
  }

  /// The correlation, from -1 / (readers - 1) to 1.
  public func value(_ form: Form) -> Double {
    switch form {
    case .agreement: (things - error) / (things + (k - 1) * error + k * (readers - error) / n)
    case .consistency: (things - error) / (things + (k - 1) * error)
    }
  }

  /// Its interval by F distributions.
  ///
  /// - Throws: `NotEstimable` where readers agree but for a constant shift, which leaves no error to judge by.
  public func interval(_ form: Form, level: Double = 0.95) throws(NotEstimable) -> Interval {
    try check(level: level)
    guard error > 0 else { throw .noVariation("the readers' measurements differ by no more than a constant") }
    let tail = 0.5 + level / 2
    let (rows, residual) = (n - 1, (n - 1) * (k - 1))
    let limits: (Double, Double)
    switch form {
    case .consistency:
      let ratio = things / error
      let low = ratio / FisherF.quantile(tail, rows, residual)
      let high = ratio * FisherF.quantile(tail, residual, rows)
      limits = ((low - 1) / (low + k - 1), (high - 1) / (high + k - 1))
    case .agreement:
      let (icc, ratio) = (value(form), readers / error)
      let (a, b) = (k * icc * ratio, n * (1 + (k - 1) * icc) - k * icc)
      let freedom = (k - 1) * (n - 1) * (a + b) * (a + b) / ((n - 1) * a * a + b * b)
      let upper = FisherF.quantile(tail, rows, freedom)
      let lower = FisherF.quantile(tail, freedom, rows)
      let rest = k * readers + (k * n - k - n) * error
      limits = (
        n * (things - upper * error) / (upper * rest + n * things),
        n * (lower * things - error) / (rest + n * lower * things)
      )
    }
    guard limits.0.isFinite, limits.1.isFinite else { throw .noVariation("the F distribution gives no interval") }
    return Interval(lower: limits.0, upper: limits.1, level: level, method: "Shrout and Fleiss")
  }
}

/// The F distribution.
enum FisherF {
  /// The value below which a share `probability` of the distribution lies; degrees of freedom above 0, whole or not.
  static func quantile(_ probability: Double, _ first: Double, _ second: Double) -> Double {
    // F = second x / (first (1 - x)), where x has the beta distribution.
    var (low, high) = (0.0, 1.0)
    while true {
      let middle = (low + high) / 2
      if middle == low || middle == high { return second * middle / (first * (1 - middle)) }
      if SpecialFunctions.incompleteBeta(first / 2, second / 2, at: middle) < probability {
        low = middle
      } else {
        high = middle
      }
    }
  }
}
