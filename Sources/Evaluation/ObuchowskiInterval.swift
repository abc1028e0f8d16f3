import Foundation

extension AUCInterval {
  /// The interval with Obuchowski's variance for clusters, on the scale of the AUC's logit.
  ///
  /// It counts what cases of one patient share, within and between the classes; with one case a cluster the variance is
  /// DeLong's. The logit's standard error is multiplied by Student's t with as many degrees of freedom as the scarcer class has
  /// clusters, less one. Unlike the bootstrap it needs no draws.
  ///
  /// Throws where a class is missing or held by one cluster only, a score isn't finite, or the variance is zero (an AUC of 0 or
  /// 1, all scores equal, all clusters alike), which is not the certainty that it looks like. Sources: Obuchowski, Biometrics
  /// 1997; the logit as in Pepe, The Statistical Evaluation of Medical Tests, 2003, section 5.2.
  public static func obuchowski(_ cases: Cases, level: Double = 0.95) throws(NotEstimable) -> Interval {
    try check(level: level)
    let covariance = try AUCCovariance([cases])
    let (auc, error) = (covariance.aucs[0], covariance.matrix[0][0].squareRoot())
    guard error > 1e-9, auc > 0, auc < 1 else {
      throw .noVariation("the AUC does not vary between these patients")
    }
    let logit = log(auc / (1 - auc))
    let half = StudentT.quantile(0.5 + level / 2, degrees: Double(covariance.degrees)) * error / (auc * (1 - auc))
    return Interval(
      lower: LogisticRegression.probability(logit: logit - half),
      upper: LogisticRegression.probability(logit: logit + half), level: level, method: "Obuchowski, logit")
  }
}
