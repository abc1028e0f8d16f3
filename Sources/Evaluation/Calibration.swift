import Foundation

/// The calibration of probabilities: as logistic regressions of the outcome on the probabilities' logits.
///
/// Intervals are Wald's; where clusters (patients) give several cases, their variance is the sandwich over clusters, with Student's t
/// and the degrees of freedom that the scarcer class's clusters leave. Sources:
/// Cox, Biometrika 1958; Steyerberg, Clinical Prediction Models, 2019; Van Calster et al., Journal of Clinical Epidemiology 2016.
public enum Calibration {
  /// Probabilities are kept this far from 0 and 1, whose logits are infinite: what a 32-bit sigmoid can tell from 1.
  public static let margin = 0x1p-24

  /// Calibration in the large: the intercept where the slope is held at 1; 0 is ideal.
  ///
  /// Above 0 the probabilities are too low on the whole, below 0 too high. Throws where a class is missing, a score isn't a
  /// probability, or cases are clustered and one cluster holds a whole class.
  public static func intercept(_ cases: Cases, level: Double = 0.95) throws(NotEstimable) -> Estimate {
    let fit = try regression(cases, rows: cases.labels.map { _ in [] }, offsets: cases.scores.map(logit))
    return try estimate(fit, at: 0, cases, level)
  }

  /// The slope of the outcome on the logits; 1 is ideal.
  ///
  /// Below 1 the probabilities are too extreme (overfitting), above 1 not extreme enough. Throws as `intercept` does, and where all
  /// probabilities are equal, or separate the classes.
  public static func slope(_ cases: Cases, level: Double = 0.95) throws(NotEstimable) -> Estimate {
    let fit = try regression(cases, rows: cases.scores.map { [logit($0)] })
    return try estimate(fit, at: 1, cases, level)
  }

  /// The log odds of a probability, kept `margin` away from 0 and 1.
  static func logit(_ probability: Double) -> Double {
    let kept = min(max(probability, margin), 1 - margin)
    return log(kept / (1 - kept))
  }

  private static func regression(
    _ cases: Cases, rows: [[Double]], offsets: [Double]? = nil
  ) throws(NotEstimable) -> LogisticRegression {
    try cases.check(probabilities: true)
    if cases.isClustered {
      for isPositive in [true, false] where cases.clusterCount(positive: isPositive) < 2 {
        throw .tooFewClusters(found: 1, needed: 2, of: "patients with a \(isPositive ? "positive" : "negative") case")
      }
    }
    return try LogisticRegression(
      rows: rows, targets: cases.labels.map { $0 ? 1 : 0 }, offsets: offsets, clusters: cases.clusters)
  }

  private static func estimate(
    _ fit: LogisticRegression, at place: Int, _ cases: Cases, _ level: Double
  ) throws(NotEstimable) -> Estimate {
    try check(level: level)
    let value = fit.coefficients[place]
    let quantile =
      cases.isClustered
      ? StudentT.quantile(
        0.5 + level / 2,
        degrees: Double(min(cases.clusterCount(positive: true), cases.clusterCount(positive: false)) - 1))
      : Normal.quantile(0.5 + level / 2)
    let half = quantile * fit.standardErrors[place]
    return Estimate(
      value: value,
      interval: Interval(
        lower: value - half, upper: value + half, level: level,
        method: cases.isClustered ? "Wald, sandwich over patients, t" : "Wald"))
  }
}
