import Foundation

/// Intervals of what is made of several rates.
extension DecidedCases {
  /// Of the mean of sensitivity and specificity: by MOVER of Wilson's intervals of the two, which belong to different cases.
  ///
  /// Source: Donner and Zou, Statistical Methods in Medical Research 2012.
  var ofBalancedAccuracy: Interval? {
    guard let sensitivity = matrix.sensitivity, let specificity = matrix.specificity,
      let ofHigh = wilson(where: { $0 }), let ofLow = wilson(where: { !$0 })
    else { return nil }
    let middle = (sensitivity + specificity) / 2
    return Interval(
      lower: middle - hypot(sensitivity - ofHigh.lower, specificity - ofLow.lower) / 2,
      upper: middle + hypot(ofHigh.upper - sensitivity, ofLow.upper - specificity) / 2, level: ofHigh.level,
      method: "MOVER of Wilson's")
  }

  /// Of F1, which rises with the share of true positives among all that are positive or called so: from Wilson's of that share.
  var ofF1: Interval? {
    guard matrix.f1 != nil else { return nil }
    let counted = calls.indices.filter { calls[$0] || cases.labels[$0] }
    guard let share = wilson(counted) else { return nil }
    func f1(_ share: Double) -> Double { 2 * share / (1 + share) }
    return Interval(lower: f1(share.lower), upper: f1(share.upper), level: share.level, method: share.method)
  }

  /// Of Matthews' correlation: by Fisher's z and the spread over 2,000 draws of whole clusters.
  ///
  /// Nil where it is undefined, 1 or -1, or the draws do not vary.
  var ofMatthewsCorrelation: Interval? {
    // Rounding leaves 1 a little short.
    guard let value = matrix.matthewsCorrelation, 1 - abs(value) > 1e-9 else { return nil }
    let counts = ClusterCounts(cases, calls: calls)
    guard
      let draws = try? counts.draws.values(samples: 2000, seed: 1, { counts.matrix($0).matthewsCorrelation })
    else { return nil }
    let half = Normal.quantile(0.975) * ClusterDraws.deviation(of: draws) / (1 - value * value)
    guard half > 1e-9 else { return nil }
    return Interval(
      lower: tanh(atanh(value) - half), upper: tanh(atanh(value) + half), level: 0.95,
      method: "Fisher's z, bootstrap over patients")
  }
}
