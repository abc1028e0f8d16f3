public import Evaluation

/// The calibration of a level's probabilities, before and after rescaling.
public struct CalibrationAnalysis: Codable, Equatable, Sendable {
  /// The measures of one set of probabilities.
  public struct Measures: Codable, Equatable, Sendable {
    /// Calibration in the large; 0 is ideal.
    public let intercept: Stated
    /// The slope on the logit; 1 is ideal.
    public let slope: Stated
    /// Brier's score; lower is better.
    public let brier: Stated
    /// One less Brier's score over that of predicting the overall share: 0 is uninformative, 1 is perfect.
    public let scaledBrier: Stated
    /// The expected calibration error over ten bins of equally many cases; it has no interval.
    public let expectedCalibrationError: Stated
    /// The error that these probabilities would have if they were perfectly calibrated, which is not 0.
    ///
    /// Its range is that of 95% of draws.
    public let errorOfPerfectCalibration: Stated

    init(_ cases: Cases) {
      intercept = Stated { () throws(NotEstimable) in try Calibration.intercept(cases) }
      slope = Stated { () throws(NotEstimable) in try Calibration.slope(cases) }
      brier = Stated(
        { () throws(NotEstimable) in try BrierScore.estimate(cases) },
        otherwise: { () throws(NotEstimable) in try BrierScore(cases).value })
      scaledBrier = Stated { () throws(NotEstimable) in
        let score = try BrierScore(cases)
        guard score.uncertainty > 0 else { throw .oneClass(isPositive: cases.positives > 0) }
        return Estimate(value: 1 - score.value / score.uncertainty, interval: nil)
      }
      expectedCalibrationError = Stated { () throws(NotEstimable) in
        Estimate(value: try ReliabilityCurve(cases).expectedCalibrationError, interval: nil)
      }
      errorOfPerfectCalibration = Stated { () throws(NotEstimable) in
        try ReliabilityCurve.errorOfPerfectCalibration(cases)
      }
    }
  }

  /// Probabilities that a map has rescaled, each by what was fitted on the other folds' cases.
  public struct Rescaled: Codable, Equatable, Sendable {
    /// By fold; null where none could be fitted.
    public let maps: [Recalibration?]
    /// The measures of the rescaled probabilities; nil where some fold has no map.
    public let measures: Measures?
    /// Why there are none.
    public let note: String?

    init(_ fitting: CrossFitting, _ fit: (Cases) throws(NotEstimable) -> Recalibration) {
      let fits = fitting.each(fit)
      maps = fits.map { try? $0.get() }
      do throws(NotEstimable) {
        let cases = try fitting.mapped(fits) { map, probability in map(probability) }
        (measures, note) = (Measures(cases.finite), nil)
      } catch {
        (measures, note) = (nil, error.description)
      }
    }
  }

  /// The level.
  public let level: Level
  /// The network's own probabilities.
  public let raw: Measures
  /// One divisor of all logits.
  public let temperature: Rescaled
  /// Platt scaling: a divisor and a shift of the logits.
  public let platt: Rescaled

  init(_ level: Level, _ fitting: CrossFitting) {
    self.level = level
    raw = Measures(fitting.cases.finite)
    temperature = Rescaled(fitting) { (cases) throws(NotEstimable) in try Recalibration.temperature(cases) }
    platt = Rescaled(fitting) { (cases) throws(NotEstimable) in try Recalibration.platt(cases) }
  }
}
