import Evaluation

/// Whether a model does better than another, told from the interval of their difference.
public enum Verdict: String, Codable, Sendable {
  /// The whole interval lies above 0.
  case superior
  /// It does not, but it lies above minus the margin.
  case nonInferior
  /// The whole interval lies below 0, and not above minus the margin.
  case inferior
  /// None of these.
  case unclear

  /// Judges `interval`, of the model's value less the other's; `margin` is the loss that still counts as no worse.
  init(_ interval: Interval, margin: Double) {
    self =
      interval.lower > 0
      ? .superior : interval.lower > -margin ? .nonInferior : interval.upper < 0 ? .inferior : .unclear
  }

  /// What is left of the verdict among several comparisons: a difference that the corrected p-value does not bear out is none.
  func corrected(_ pValue: Double?) -> Verdict {
    guard (pValue ?? 1) >= 0.05 else { return self }
    return switch self {
    case .superior: .nonInferior
    case .inferior: .unclear
    case .nonInferior, .unclear: self
    }
  }
}
