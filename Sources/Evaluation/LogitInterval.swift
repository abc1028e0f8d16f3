import Foundation

extension AUCInterval {
  /// The name of `logit`, for independent and for clustered cases.
  static let logitNames = (independent: "DeLong, logit, t", clustered: "Obuchowski, logit, t")

  /// The interval with DeLong's variance, or Obuchowski's for clusters, on the scale of the AUC's logit.
  ///
  /// The logit's standard error is multiplied by Student's t with `AUCCovariance.degrees`, so its coverage also holds with few patients.
  /// With clusters it counts what cases of one patient share, within and between the classes.
  ///
  /// Throws where a class is missing or held by one cluster only, a score isn't finite, or the variance is zero (an AUC of 0 or
  /// 1, all scores equal, all clusters alike), which is not the certainty that it looks like. Sources: Obuchowski, Biometrics
  /// 1997; the logit as in Pepe, The Statistical Evaluation of Medical Tests, 2003, section 5.2; the degrees of freedom as in
  /// Brunner and Munzel, Biometrical Journal 2000.
  public static func logit(_ cases: Cases, level: Double = 0.95) throws(NotEstimable) -> Interval {
    try check(level: level)
    let covariance = try AUCCovariance([cases])
    let error = covariance.matrix[0][0].squareRoot()
    guard error > 1e-9, let limits = LogitScale.limits(covariance.aucs[0], error, level, covariance.degrees) else {
      throw .noVariation("the AUC does not vary between these patients")
    }
    return Interval(
      lower: limits.lower, upper: limits.upper, level: level,
      method: cases.isClustered ? logitNames.clustered : logitNames.independent)
  }
}

/// Intervals of shares and means within 0...1 on the logit's scale, which keeps them inside and lets them be lopsided.
enum LogitScale {
  /// The limits about `value` by its standard error and Student's t; nil where the value is not between 0 and 1.
  static func limits(
    _ value: Double, _ error: Double, _ level: Double, _ degrees: Double
  ) -> (lower: Double, upper: Double)? {
    guard value > 0, value < 1 else { return nil }
    let half = StudentT.quantile(0.5 + level / 2, degrees: degrees) * error / (value * (1 - value))
    let middle = log(value / (1 - value))
    return (
      LogisticRegression.probability(logit: middle - half), LogisticRegression.probability(logit: middle + half)
    )
  }
}
