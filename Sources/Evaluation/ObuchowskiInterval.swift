extension AUCInterval {
  /// The plain interval (AUC plus and minus z standard errors, clipped to 0...1) with Obuchowski's variance for clusters.
  ///
  /// It counts what cases of one patient share, within and between the classes; where each cluster is one case it is
  /// `deLong`'s. Unlike the bootstrap it needs no draws. Throws where a class is missing or held by one cluster only, a score
  /// isn't finite, or the variance is zero (an AUC of 0 or 1, all scores equal, all clusters alike), which is not the
  /// certainty that it looks like. Source: Obuchowski, Biometrics 1997.
  public static func obuchowski(_ cases: Cases, level: Double = 0.95) throws(NotEstimable) -> Interval {
    try check(level: level)
    let covariance = try AUCCovariance([cases])
    let (auc, error) = (covariance.aucs[0], covariance.matrix[0][0].squareRoot())
    guard error > 1e-9 else { throw .noVariation("the AUC does not vary between these patients") }
    let half = Normal.quantile(0.5 + level / 2) * error
    return Interval(lower: max(0, auc - half), upper: min(1, auc + half), level: level, method: "Obuchowski")
  }
}
