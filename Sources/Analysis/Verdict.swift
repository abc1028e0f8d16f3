import Evaluation

/// Whether a model does better than another, judged by the interval of their difference and its p-value.
public enum Verdict: String, Codable, Sendable {
  /// The whole interval lies above 0, and the p-value is below 0.05.
  case superior
  /// That is not so, but the whole interval lies above minus the margin.
  case nonInferior
  /// The whole interval lies below 0 and not above minus the margin, and the p-value is below 0.05.
  case inferior
  /// None of these: neither a difference nor its absence is shown.
  case inconclusive

  /// Judges `interval`, of the model's value less the other's; `margin` is the largest loss that is still no worse.
  ///
  /// Interval and test must agree on a difference: where the p-value, corrected where there are several comparisons, does not
  /// confirm it, no difference is reported.
  init(_ interval: Interval, pValue: Double?, margin: Double) {
    let isSignificant = (pValue ?? 1) < 0.05
    self =
      interval.lower > 0 && isSignificant
      ? .superior
      : interval.lower > -margin ? .nonInferior : interval.upper < 0 && isSignificant ? .inferior : .inconclusive
  }
}
