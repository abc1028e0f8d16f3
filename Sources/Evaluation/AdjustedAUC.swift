/// The AUC adjusted for a covariate, such as the tumour's volume: what is left of a model's ability to rank the patients once
/// each is compared with negatives of the same value.
///
/// The logit of the probability is regressed on the covariate by least squares among the negatives; a positive's placement is the
/// share of the negatives' residuals below its own residual, and the adjusted AUC is the mean of the placements. A model that only
/// repeats the covariate has about 0.5. Source: Janes and Pepe, Biometrika 2009;96:371-382 (the covariate-adjusted ROC curve, with a
/// linear model of the location and the empirical distribution of its residuals).
public enum AdjustedAUC {
  /// The adjusted AUC with a 95% interval on the logit's scale, by the spread over draws of patients.
  ///
  /// Each draw fits its own line. Student's t has one degree of freedom less than the scarcer class has cases
  /// (`Tests/Reference/coverage.py`).
  /// - Parameters:
  ///   - cases: one case per patient.
  ///   - covariate: one number per case, on the scale on which the logit is to depend on it linearly.
  ///   - level: the confidence level.
  ///   - samples: how many draws.
  ///   - seed: of the draws.
  /// - Returns: the value; without an interval where that can't be stated.
  /// - Throws: `NotEstimable` where a class is missing, a score isn't a probability, patients have several cases, a covariate isn't
  ///   finite or does not vary among the negatives.
  public static func estimate(
    _ cases: Cases, covariate: [Double], level: Double = 0.95, samples: Int = 500, seed: UInt64 = 1
  ) throws(NotEstimable) -> Estimate {
    try cases.check(probabilities: true)
    try Evaluation.check(level: level)
    guard !cases.isClustered else { throw .clustered(instead: "Adjust the AUC of whole patients.") }
    guard covariate.count == cases.count else { throw .differentCases }
    let odd = covariate.count { !$0.isFinite }
    guard odd == 0 else { throw .notFinite(odd) }
    let logits = cases.scores.map(Calibration.logit)
    guard
      let value = value(cases.labels, logits, covariate, [Int](repeating: 1, count: cases.count))
    else { throw .noVariation("the covariate is the same for all negative cases") }
    let draws = try ClusterDraws(cases.clusters).values(samples: samples, seed: seed) {
      Self.value(cases.labels, logits, covariate, $0)
    }
    let error = ClusterDraws.deviation(of: draws)
    let degrees = Double(min(cases.positives, cases.count - cases.positives) - 1)
    guard error > 1e-9, degrees > 0, let limits = LogitScale.limits(value, error, level, degrees) else {
      return Estimate(value: value, interval: nil)
    }
    return Estimate(
      value: value,
      interval: Interval(
        lower: limits.lower, upper: limits.upper, level: level, method: "bootstrap over patients, logit, t"))
  }

  /// The value where each case counts so many times; nil where a class is missing or the covariate doesn't vary among negatives.
  static func value(_ labels: [Bool], _ logits: [Double], _ covariate: [Double], _ times: [Int]) -> Double? {
    var (count, sumX, sumY) = (0.0, 0.0, 0.0)
    for place in labels.indices where !labels[place] {
      let weight = Double(times[place])
      count += weight
      sumX += weight * covariate[place]
      sumY += weight * logits[place]
    }
    guard count > 0 else { return nil }
    let (meanX, meanY) = (sumX / count, sumY / count)
    var (squares, products) = (0.0, 0.0)
    for place in labels.indices where !labels[place] {
      let (weight, x) = (Double(times[place]), covariate[place] - meanX)
      squares += weight * x * x
      products += weight * x * (logits[place] - meanY)
    }
    guard squares > 1e-12 * count * max(1, meanX * meanX) else { return nil }
    let slope = products / squares
    let residuals = labels.indices.map { logits[$0] - meanY - slope * (covariate[$0] - meanX) }
    let drawn = Cases(labels: labels, scores: residuals)
    return ClusterBootstrap(drawn)?.auc(times)
  }
}
