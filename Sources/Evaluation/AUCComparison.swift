/// Comparisons of AUCs that several models reach on the same cases.
///
/// By the covariance of DeLong, or of Obuchowski where clusters (patients) give several cases. Sources: DeLong, DeLong and
/// Clarke-Pearson, Biometrics 1988; Obuchowski, Biometrics 1997.
public enum AUCComparison {
  /// The first model's AUC less the second's, tested against 0.
  ///
  /// The interval is not clipped. Throws where the cases differ, a class is missing or held by one cluster only, a score isn't
  /// finite, or the difference doesn't vary (both rank alike, or both without error).
  public static func paired(
    _ first: Cases, _ second: Cases, level: Double = 0.95
  ) throws(NotEstimable) -> PairedDifference {
    try check(level: level)
    let covariance = try AUCCovariance([first, second])
    let matrix = covariance.matrix
    let error = max(0, matrix[0][0] + matrix[1][1] - 2 * matrix[0][1]).squareRoot()
    guard error > 1e-9 else { throw .noVariation("the difference of the AUCs does not vary between these patients") }
    let value = covariance.aucs[0] - covariance.aucs[1]
    let half = Normal.quantile(0.5 + level / 2) * error
    return PairedDifference(
      value: value, standardError: error,
      interval: Interval(
        lower: value - half, upper: value + half, level: level,
        method: first.isClustered ? "Obuchowski, paired" : "DeLong, paired"),
      pValue: Normal.twoSided(value / error))
  }

  /// Every pair of `models`, with p-values corrected for their number.
  ///
  /// Pairs that can't be compared state why, and are not counted as comparisons.
  public static func pairs(of models: [Cases], level: Double = 0.95) -> [Pair] {
    let places = models.indices.flatMap { first in
      models.indices.filter { $0 > first }.map { (first: first, second: $0) }
    }
    let differences = places.map { place in
      Result { () throws(NotEstimable) in try paired(models[place.first], models[place.second], level: level) }
    }
    let adjusted = HolmCorrection.adjusted(differences.map { (try? $0.get())?.pValue ?? .nan })
    return places.indices.map { index in
      Pair(
        first: places[index].first, second: places[index].second, difference: differences[index],
        adjustedPValue: adjusted[index].isNaN ? nil : adjusted[index])
    }
  }

  /// One pair among several models.
  public struct Pair: Equatable, Sendable {
    /// The places of the two models in the list.
    public let first, second: Int
    /// The first model's AUC less the second's, or why that can't be stated.
    public let difference: Result<PairedDifference, NotEstimable>
    /// Its p-value by Holm's correction over all pairs; nil where there is none.
    public let adjustedPValue: Double?
  }

  /// The test that all models have the same AUC: chi-square with one degree of freedom less than there are models.
  ///
  /// Throws as `paired` does, with fewer than two models, and where some difference follows from the others.
  public static func overall(_ models: [Cases]) throws(NotEstimable) -> ChiSquareTest {
    guard models.count > 1 else { throw .badSetting("at least two models are needed, found \(models.count)") }
    let covariance = try AUCCovariance(models)
    let matrix = covariance.matrix
    // Each model but the first, less the first.
    let others = models.indices.dropFirst()
    let differences = others.map { covariance.aucs[$0] - covariance.aucs[0] }
    let factor = Cholesky(
      others.map { one in others.map { matrix[one][$0] - matrix[one][0] - matrix[0][$0] + matrix[0][0] } })
    guard let factor else {
      throw .noVariation("some difference of the AUCs does not vary, or follows from the others")
    }
    let statistic = zip(differences, factor.solve(differences)).reduce(0) { $0 + $1.0 * $1.1 }
    return ChiSquareTest(statistic: statistic, degrees: models.count - 1)
  }
}

/// A chi-square statistic and what it says.
public struct ChiSquareTest: Equatable, Sendable {
  /// The statistic.
  public let statistic: Double
  /// Its degrees of freedom.
  public let degrees: Int
  /// The probability of such a statistic or a larger one under the null hypothesis.
  public var pValue: Double { ChiSquare.survival(statistic, degrees: degrees) }
}
