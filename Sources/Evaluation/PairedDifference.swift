/// How much better a first model does than a second on the same cases.
public struct PairedDifference: Equatable, Sendable {
  /// The first model's value less the second's.
  public let value: Double
  /// Its standard error.
  public let standardError: Double
  /// Its interval.
  public let interval: Interval
  /// The chance of a difference at least as far from 0, to either side, were the models equal.
  public let pValue: Double

  /// Whether the first model is shown to lose less than `margin` (above 0) against the second.
  public func nonInferiority(margin: Double) throws(NotEstimable) -> NonInferiority {
    guard margin > 0, margin.isFinite else {
      throw .badSetting("the margin must be a finite number above 0, found \(margin)")
    }
    return NonInferiority(difference: self, margin: margin)
  }
}

/// Whether a model is no worse than another by more than a margin, which must be fixed before the result is known.
///
/// Shown where the whole two-sided interval lies above minus the margin: with a 95% interval, a one-sided test at 2.5%.
/// Source: Piaggio et al., the CONSORT extension for non-inferiority trials, JAMA 2012.
public struct NonInferiority: Equatable, Sendable {
  /// The difference that is judged.
  public let difference: PairedDifference
  /// The largest loss that is accepted, above 0.
  public let margin: Double

  /// Whether the loss is shown to be less than the margin.
  public var isShown: Bool { difference.interval.lower > -margin }
  /// One-sided, from the standard error: the chance of such a difference or a better one, were the loss the margin.
  public var pValue: Double { Normal.survival((difference.value + margin) / difference.standardError) }
}

/// Holm's correction for several comparisons: the chance of any false claim among them stays below the level.
///
/// Source: Holm, Scandinavian Journal of Statistics 1979.
public enum HolmCorrection {
  /// The adjusted p-values in the order of `pValues`, each at most 1; NaN stays NaN and counts as no comparison.
  public static func adjusted(_ pValues: [Double]) -> [Double] {
    let order = pValues.indices.filter { !pValues[$0].isNaN }.sorted { pValues[$0] < pValues[$1] }
    var (adjusted, largest) = (pValues, 0.0)
    for (place, index) in order.enumerated() {
      largest = max(largest, min(1, Double(order.count - place) * pValues[index]))
      adjusted[index] = largest
    }
    return adjusted
  }
}
