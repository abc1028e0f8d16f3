/// Quantiles of a sample.
public enum Quantile {
  /// The quantile of sorted, non-empty values by linear interpolation between order statistics.
  ///
  /// This is type 7 of Hyndman and Fan, the default of R, NumPy and scikit-learn. `share` is taken as 0 to 1.
  public static func value(_ share: Double, ofSorted values: [Double]) -> Double {
    value(share, count: values.count) { values[$0] }
  }

  /// The same of `count` values, at least 1, where `value` gives the one at a place in their order.
  @inlinable public static func value(_ share: Double, count: Int, at value: (Int) -> Double) -> Double {
    let place = min(max(share, 0), 1) * Double(count - 1)
    let below = Int(place)
    let rest = place - Double(below)
    guard rest > 0 else { return value(below) }
    return value(below) + rest * (value(below + 1) - value(below))
  }
}
