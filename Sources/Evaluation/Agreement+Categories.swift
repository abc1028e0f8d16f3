import Foundation

extension Agreement {
  /// How much a disagreement of two ordered categories counts.
  public enum Weights: String, Codable, CaseIterable, Sendable {
    /// By their distance.
    case linear
    /// By its square.
    case quadratic
  }

  /// Cohen's kappa of two readers whose disagreements count by how far the ordered categories (as numbers) lie apart.
  ///
  /// - Throws: `NotEstimable` where there is no case, the lists differ in length, or both give every case one and the same category.
  ///   Source: Cohen, Psychological Bulletin 1968;70:213-220.
  public static func kappa(_ first: [Int], _ second: [Int], weights: Weights) throws(NotEstimable) -> Double {
    guard first.count == second.count else { throw .differentCases }
    guard !first.isEmpty else { throw .noCases }
    func cost(_ one: Int, _ other: Int) -> Double {
      let distance = abs(Double(one) - Double(other))
      return weights == .linear ? distance : distance * distance
    }
    let observed = zip(first, second).reduce(0) { $0 + cost($1.0, $1.1) } * Double(first.count)
    let (one, other) = (counts(first), counts(second))
    let expected = one.reduce(0) { sum, left in
      sum + other.reduce(0) { $0 + left.count * $1.count * cost(left.category, $1.category) }
    }
    guard expected > 0 else { throw .noVariation("both readers give every case the same category") }
    return 1 - observed / expected
  }

  /// Fleiss' kappa of several readers; by case, the category that each reader gave.
  ///
  /// - Throws: `NotEstimable` where there is no case, a case has another number of readings than the first or fewer than two, or all
  ///   readings are the same category. Source: Fleiss, Psychological Bulletin 1971;76:378-382.
  public static func fleissKappa(_ cases: [[Int]]) throws(NotEstimable) -> Double {
    guard let width = cases.first?.count else { throw .noCases }
    guard width > 1, cases.allSatisfy({ $0.count == width }) else {
      throw .badSetting("Fleiss' kappa needs the same number of readings, at least 2, of every case")
    }
    let (n, k) = (Double(cases.count), Double(width))
    let observed = cases.reduce(0) { $0 + counts($1).reduce(0) { $0 + $1.count * ($1.count - 1) } } / (n * k * (k - 1))
    let all = counts(Array(cases.joined()))
    guard all.count > 1 else { throw .noVariation("all readings are the same category") }
    let chance = all.reduce(0) { $0 + $1.count * $1.count } / (n * k * n * k)
    return (observed - chance) / (1 - chance)
  }

  /// How categories are compared by Krippendorff's alpha.
  public enum Measurement: String, Codable, CaseIterable, Sendable {
    /// Alike or not.
    case nominal
    /// By the number of readings that lie between them.
    case ordinal
    /// By the square of their distance.
    case interval
  }

  /// Krippendorff's alpha of several readers; by case, the value that each reader gave, nil where one did not read it.
  ///
  /// Cases with fewer than two readings do not count.
  ///
  /// - Throws: `NotEstimable` where a value is not finite, no case has two readings, or all readings are the same.
  ///   Source: Krippendorff, Content Analysis, 4th edition 2018, chapter 12.
  public static func krippendorffAlpha(_ cases: [[Double?]], _ measurement: Measurement) throws(NotEstimable) -> Double
  {
    let units = cases.map { $0.compactMap { $0 } }
    let odd = units.count { !$0.allSatisfy(\.isFinite) }
    guard odd == 0 else { throw .notFinite(odd) }
    let pairable = units.filter { $0.count > 1 }
    guard !pairable.isEmpty else { throw .noCases }
    let all = counts(Array(pairable.joined()))
    guard all.count > 1 else { throw .noVariation("all readings are the same category") }
    var ranks: [Double: Double] = [:]
    var below = 0.0
    for (value, count) in all {
      ranks[value] = below + count / 2
      below += count
    }
    func cost(_ one: Double, _ other: Double) -> Double {
      switch measurement {
      case .nominal: one == other ? 0 : 1
      case .ordinal: pow((ranks[one] ?? 0) - (ranks[other] ?? 0), 2)
      case .interval: (one - other) * (one - other)
      }
    }
    func disagreement(_ counts: [(category: Double, count: Double)]) -> Double {
      counts.reduce(0) { sum, one in
        sum + counts.reduce(0) { $0 + one.count * $1.count * cost(one.category, $1.category) }
      }
    }
    let observed = pairable.reduce(0) { $0 + disagreement(counts($1)) / Double($1.count - 1) }
    return 1 - (below - 1) * observed / disagreement(all)
  }

  /// The share of each category among all readings: kappas of rare categories are low however well readers agree.
  public static func prevalence(_ readings: [Int]) -> [(category: Int, share: Double)] {
    counts(readings).map { ($0.category, $0.count / Double(readings.count)) }
  }

  /// A statistic of cases with its interval over draws of whole clusters (patients).
  ///
  /// - Parameters:
  ///   - clusters: the cluster of each case.
  ///   - level: the confidence level.
  ///   - samples: how many draws.
  ///   - seed: the draws' seed.
  ///   - statistic: the statistic of the cases at these places, which may occur several times.
  /// - Returns: the value over all cases, and its percentile interval.
  /// - Throws: `NotEstimable` where the statistic or the interval cannot be stated.
  public static func estimate(
    clusters: [String], level: Double = 0.95, samples: Int = 2000, seed: UInt64 = 1,
    _ statistic: ([Int]) throws(NotEstimable) -> Double
  ) throws(NotEstimable) -> Estimate {
    let value = try statistic(Array(clusters.indices))
    let draws = ClusterDraws(clusters)
    let interval = try draws.interval(level: level, samples: samples, seed: seed) { times in
      let places = draws.clusterOf.indices.flatMap { Array(repeating: $0, count: times[draws.clusterOf[$0]]) }
      // A draw that leaves the statistic undefined is repeated.
      do throws(NotEstimable) { return try statistic(places) } catch { return nil }
    }
    return Estimate(value: value, interval: interval)
  }

  /// How often each value occurs, by rising value.
  private static func counts<Value: Hashable & Comparable>(_ values: [Value]) -> [(category: Value, count: Double)] {
    var counts: [Value: Double] = [:]
    for value in values { counts[value, default: 0] += 1 }
    return counts.sorted { $0.key < $1.key }.map { (category: $0.key, count: $0.value) }
  }
}
