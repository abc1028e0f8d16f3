import Foundation

/// The result of a test of whether two or more groups differ.
public struct GroupTest: Codable, Equatable, Sendable {
  /// The test's name.
  public let name: String
  /// Its statistic; nil where it has none, as Fisher's.
  public let statistic: Double?
  /// Its degrees of freedom, where it has any.
  public let degreesOfFreedom: Double?
  /// The two-sided p-value, 0...1.
  public let p: Double
}

/// Tests of whether groups differ, as the tables that describe a cohort need them.
///
/// Nil wherever the data allow no test: a group without cases, or nothing that varies.
public enum GroupTests {
  /// Fisher's exact test where two categories in two groups are left, the chi-square test otherwise.
  ///
  /// `counts` are categories by groups; categories and groups without cases are left out first.
  public static func ofCounts(_ counts: [[Int]]) -> GroupTest? {
    let table = withoutEmpty(counts)
    return table.count == 2 && table[0].count == 2 ? fisherExact(table) : chiSquare(table)
  }

  /// Fisher's exact test of a table of two by two, two-sided: the sum over all tables with these margins that are no likelier
  /// than the one found.
  ///
  /// Source: Fisher, Statistical Methods for Research Workers, 1934, section 21.02.
  public static func fisherExact(_ table: [[Int]]) -> GroupTest? {
    guard let (rows, columns, total) = margins(of: table), rows.count == 2, columns.count == 2 else { return nil }
    func logBinomial(_ n: Int, _ k: Int) -> Double {
      lgamma(Double(n + 1)) - lgamma(Double(k + 1)) - lgamma(Double(n - k + 1))
    }
    let constant = logBinomial(total, columns[0])
    func logProbability(_ count: Int) -> Double {
      logBinomial(rows[0], count) + logBinomial(rows[1], columns[0] - count) - constant
    }
    let found = logProbability(table[0][0])
    let possible = max(0, columns[0] - rows[1])...min(rows[0], columns[0])
    // Tables as likely as the one found differ from it by rounding.
    let sum = possible.map(logProbability).filter { $0 <= found + 1e-7 }.map(exp).reduce(0, +)
    return GroupTest(name: "Fisher's exact test", statistic: nil, degreesOfFreedom: nil, p: min(1, sum))
  }

  /// Pearson's chi-square test, without a correction for continuity.
  ///
  /// Categories and groups without cases are left out first. Source: Pearson, Philosophical Magazine 1900.
  public static func chiSquare(_ counts: [[Int]]) -> GroupTest? {
    let table = withoutEmpty(counts)
    guard let (rows, columns, total) = margins(of: table), rows.count > 1, columns.count > 1 else { return nil }
    var statistic = 0.0
    for (row, counts) in table.enumerated() {
      for (column, count) in counts.enumerated() {
        let expected = Double(rows[row]) * Double(columns[column]) / Double(total)
        statistic += (Double(count) - expected) * (Double(count) - expected) / expected
      }
    }
    let freedom = Double((rows.count - 1) * (columns.count - 1))
    return GroupTest(
      name: "chi-square test", statistic: statistic, degreesOfFreedom: freedom,
      p: SpecialFunctions.upperGamma(freedom / 2, statistic / 2))
  }

  /// The Mann-Whitney U test, two-sided.
  ///
  /// Exact where a group has at most 8 values and none are tied; else by the normal distribution, corrected for ties and for
  /// continuity. The statistic is U of the first group. Source: Mann and Whitney, Annals of Mathematical Statistics 1947.
  public static func mannWhitney(_ first: [Double], _ second: [Double]) -> GroupTest? {
    guard !first.isEmpty, !second.isEmpty, (first + second).allSatisfy({ !$0.isNaN }) else { return nil }
    let (m, n) = (Double(first.count), Double(second.count))
    let (rankSum, ties) = rankSum(first, second)
    let u = rankSum - m * (m + 1) / 2
    let larger = max(u, m * n - u)
    let isExact = ties == 0 && min(first.count, second.count) <= 8
    var p: Double
    if isExact {
      p = 2 * exactTail(first.count, second.count, from: Int(larger.rounded()))
    } else {
      let all = m + n
      let variance = m * n / 12 * (all + 1 - ties / (all * (all - 1)))
      guard variance > 0 else { return nil }
      p = erfc((larger - m * n / 2 - 0.5) / variance.squareRoot() / 2.0.squareRoot())
    }
    p = min(1, p)
    return GroupTest(
      name: isExact ? "exact Mann-Whitney test" : "Mann-Whitney test", statistic: u, degreesOfFreedom: nil, p: p)
  }

  /// Welch's t-test of two means, two-sided, for unequal variances.
  ///
  /// Nil where a group has fewer than two values or neither varies. Source: Welch, Biometrika 1947.
  public static func welch(_ first: [Double], _ second: [Double]) -> GroupTest? {
    guard first.count > 1, second.count > 1 else { return nil }
    func moments(_ values: [Double]) -> (mean: Double, error: Double) {
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
      return (mean, variance / Double(values.count))
    }
    let (left, right) = (moments(first), moments(second))
    let error = left.error + right.error
    guard error > 0, error.isFinite else { return nil }
    let t = (left.mean - right.mean) / error.squareRoot()
    let freedom =
      error * error
      / (left.error * left.error / Double(first.count - 1) + right.error * right.error / Double(second.count - 1))
    return GroupTest(
      name: "Welch's t-test", statistic: t, degreesOfFreedom: freedom,
      p: SpecialFunctions.incompleteBeta(freedom / 2, 0.5, at: freedom / (freedom + t * t)))
  }

  // MARK: Counts

  private static func withoutEmpty(_ counts: [[Int]]) -> [[Int]] {
    let rows = counts.filter { $0.contains { $0 > 0 } }
    let used = (rows.first ?? []).indices.filter { column in rows.contains { $0[column] > 0 } }
    return rows.map { row in used.map { row[$0] } }
  }

  /// The sums of rows, columns and all; nil where the table is ragged, has a negative count, or an empty row or column.
  private static func margins(of table: [[Int]]) -> (rows: [Int], columns: [Int], total: Int)? {
    guard let width = table.first?.count, table.allSatisfy({ $0.count == width && $0.allSatisfy { $0 >= 0 } }) else {
      return nil
    }
    let rows = table.map { $0.reduce(0, +) }
    let columns = (0..<width).map { column in table.reduce(0) { $0 + $1[column] } }
    guard rows.allSatisfy({ $0 > 0 }), columns.allSatisfy({ $0 > 0 }) else { return nil }
    return (rows, columns, rows.reduce(0, +))
  }

  // MARK: Ranks

  /// The sum of the first group's ranks, ties sharing their mean rank, and the sum of t^3 - t over all groups of t ties.
  private static func rankSum(_ first: [Double], _ second: [Double]) -> (sum: Double, ties: Double) {
    let all = (first.map { ($0, true) } + second.map { ($0, false) }).sorted { $0.0 < $1.0 }
    var (sum, ties) = (0.0, 0.0)
    var start = 0
    while start < all.count {
      var end = start
      while end < all.count, all[end].0 == all[start].0 { end += 1 }
      let tied = Double(end - start)
      ties += tied * tied * tied - tied
      sum += Double(all[start..<end].count { $0.1 }) * (Double(start + end + 1) / 2)
      start = end
    }
    return (sum, ties)
  }

  /// The probability that U is `least` or more, by the recurrence over which group the largest value comes from.
  private static func exactTail(_ m: Int, _ n: Int, from least: Int) -> Double {
    let (m, n) = (min(m, n), max(m, n))
    // Probabilities of each U for 0...m values of the smaller group, at a growing number of the larger one's.
    var distributions = (0...m).map { _ in [1.0] }
    for larger in 1...n {
      for smaller in 1...m {
        let (ofSmaller, ofLarger) = (distributions[smaller - 1], distributions[smaller])
        let total = Double(smaller + larger)
        distributions[smaller] = (0...smaller * larger).map { u in
          let fromSmaller = u >= larger && u - larger < ofSmaller.count ? ofSmaller[u - larger] : 0
          let fromLarger = u < ofLarger.count ? ofLarger[u] : 0
          return (Double(smaller) * fromSmaller + Double(larger) * fromLarger) / total
        }
      }
    }
    return distributions[m].dropFirst(least).reduce(0, +)
  }
}

/// The incomplete gamma and beta functions, to about 13 digits.
///
/// Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 6.5.29, 6.5.31 and 26.5.8; the continued fractions by
/// Lentz's method.
enum SpecialFunctions {
  /// The regularised upper incomplete gamma function Q(a, x), for a > 0 and x >= 0.
  static func upperGamma(_ a: Double, _ x: Double) -> Double {
    guard x > 0 else { return 1 }
    let front = exp(-x + a * log(x) - lgamma(a))
    if x < a + 1 {
      var (term, sum) = (1 / a, 1 / a)
      var n = a
      while term > sum * 1e-17 {
        n += 1
        term *= x / n
        sum += term
      }
      return 1 - sum * front
    }
    return front
      * continuedFraction(first: x + 1 - a) { step in
        (Double(step) * (a - Double(step)), x + Double(2 * step + 1) - a)
      }
  }

  /// The regularised incomplete beta function I_x(a, b), for a, b > 0 and x in 0...1.
  static func incompleteBeta(_ a: Double, _ b: Double, at x: Double) -> Double {
    guard x > 0 else { return 0 }
    guard x < 1 else { return 1 }
    // The fraction converges fast on this side.
    if x > (a + 1) / (a + b + 2) { return 1 - incompleteBeta(b, a, at: 1 - x) }
    let front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    return front
      * continuedFraction(first: 1) { step in
        let m = Double(step / 2)
        let numerator =
          step % 2 == 0
          ? m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
          : -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        return (numerator, 1)
      }
  }

  /// 1 / (first + n1 / (d1 + n2 / (d2 + ...))).
  private static func continuedFraction(first: Double, _ part: (Int) -> (numerator: Double, denominator: Double))
    -> Double
  {
    let tiny = 1e-300
    var c = 1 / tiny
    var d = 1 / (first == 0 ? tiny : first)
    var result = d
    for step in 1...10_000 {
      let (numerator, denominator) = part(step)
      d = denominator + numerator * d
      d = 1 / (d == 0 ? tiny : d)
      c = denominator + numerator / c
      if c == 0 { c = tiny }
      result *= c * d
      if abs(c * d - 1) < 1e-16 { break }
    }
    return result
  }
}
