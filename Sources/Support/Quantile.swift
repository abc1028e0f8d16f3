/// Quantiles of a sample.
public enum Quantile {
  /// The quantile of sorted, non-empty values by linear interpolation between order statistics.
  ///
  /// This is type 7 of Hyndman and Fan, the default of R, NumPy and scikit-learn. `share` is taken as 0 to 1.
  public static func value(_ share: Double, ofSorted values: [Double]) -> Double {
    let place = min(max(share, 0), 1) * Double(values.count - 1)
    let below = Int(place)
    let rest = place - Double(below)
    guard rest > 0 else { return values[below] }
    return values[below] + rest * (values[below + 1] - values[below])
  }
}
