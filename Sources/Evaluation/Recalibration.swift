/// A map of probabilities to better calibrated ones: logit to intercept + slope times logit.
///
/// Fit it on inner cases that neither trained the network nor judge it. A rising map leaves the ranks, and the AUC, as they are.
public struct Recalibration: Codable, Equatable, Sendable {
  /// Added to the scaled logit.
  public let intercept: Double
  /// What the logit is multiplied by.
  public let slope: Double

  /// Makes a map from its parts.
  public init(intercept: Double, slope: Double) {
    self.intercept = intercept
    self.slope = slope
  }

  /// The temperature that divides the logits.
  public var temperature: Double { 1 / slope }

  /// The calibrated probability; NaN for NaN.
  public func callAsFunction(_ probability: Double) -> Double {
    probability.isNaN
      ? .nan : LogisticRegression.probability(logit: intercept + slope * Calibration.logit(probability))
  }

  /// Temperature scaling: the one divisor of all logits that makes `cases` likeliest.
  ///
  /// Throws where a class is missing, a score isn't a probability, the scores separate the classes at 0.5 (the temperature
  /// would be 0), all are 0.5, or the classes are ranked the wrong way round. Source: Guo, Pleiss, Sun and Weinberger, "On
  /// calibration of modern neural networks", ICML 2017.
  public static func temperature(_ cases: Cases) throws(NotEstimable) -> Recalibration {
    try cases.check(probabilities: true)
    let fit = try LogisticRegression(
      rows: cases.scores.map { [Calibration.logit($0)] }, targets: cases.labels.map { $0 ? 1 : 0 }, hasIntercept: false)
    guard let slope = fit.coefficients.first, slope > 0 else { throw .reversed }
    return Recalibration(intercept: 0, slope: slope)
  }

  /// Platt scaling of the logits, with his targets slightly inside 0 and 1, so that separated classes have a fit too.
  ///
  /// Throws where a class is missing, a score isn't a probability, or all scores are equal. The slope may be negative, where
  /// the classes are ranked the wrong way round. Source: Platt, "Probabilistic outputs for support vector machines", 1999; Lin,
  /// Lin and Weng, Machine Learning 2007.
  public static func platt(_ cases: Cases) throws(NotEstimable) -> Recalibration {
    try cases.check(probabilities: true)
    let positives = Double(cases.positives)
    let negatives = Double(cases.count) - positives
    let (high, low) = ((positives + 1) / (positives + 2), 1 / (negatives + 2))
    let fit = try LogisticRegression(
      rows: cases.scores.map { [Calibration.logit($0)] }, targets: cases.labels.map { $0 ? high : low })
    return Recalibration(intercept: fit.coefficients[0], slope: fit.coefficients[1])
  }
}
