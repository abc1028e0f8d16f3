/// What a positive and a negative call would mean where the disease is as frequent as one says.
///
/// By Bayes' theorem from sensitivity and specificity, which are taken not to change. Their ratio's interval follows from
/// Wilson's intervals of the two (at the effective sample size where cases are clustered) by MOVER, so it has a width where
/// all are right, too. Sources: Mercaldo, Lau and Zhou, Statistics in Medicine 2007; Donner and Zou, Statistical Methods in
/// Medical Research 2012 (MOVER of a ratio).
public struct PredictiveValues: Equatable, Sendable {
  /// The share of cases with high grade that is assumed, in 0...1.
  public let prevalence: Double
  /// The share of positive calls that would be right.
  public let positive: Result<Estimate, NotEstimable>
  /// The share of negative calls that would be right.
  public let negative: Result<Estimate, NotEstimable>

  /// The predictive values of `cases`, decided at `threshold`, for each of `prevalences`.
  ///
  /// Throws where a class is missing, a score isn't finite, or a prevalence isn't within 0...1.
  public static func curve(
    _ cases: Cases, threshold: Double, prevalences: [Double] = (0...100).map { Double($0) / 100 }, level: Double = 0.95
  ) throws(NotEstimable) -> [PredictiveValues] {
    try cases.check()
    try check(level: level)
    if let odd = prevalences.first(where: { !(0...1).contains($0) }) {
      throw .badSetting("a prevalence must lie within 0 to 1, found \(odd)")
    }
    func called(of class: Bool) throws(NotEstimable) -> Proportion {
      let places = cases.labels.indices.filter { cases.labels[$0] == `class` }
      let calls = places.map { cases.scores[$0] >= threshold }
      guard let interval = WilsonInterval.of(calls, clusters: places.map { cases.clusters[$0] }, level: level) else {
        throw .noCases
      }
      return Proportion(
        share: Double(calls.count { $0 }) / Double(calls.count), lower: interval.lower, upper: interval.upper)
    }
    let (positives, negatives) = (try called(of: true), try called(of: false))
    return prevalences.map { prevalence in
      PredictiveValues(
        prevalence: prevalence,
        positive: value(right: positives, wrong: negatives, share: prevalence, level, isPositive: true),
        negative: value(
          right: negatives.complement, wrong: positives.complement, share: 1 - prevalence, level, isPositive: false))
    }
  }

  /// The share of right calls, where `right` of those who have what the call says get it, and `wrong` of the others.
  private static func value(
    right: Proportion, wrong: Proportion, share: Double, _ level: Double, isPositive: Bool
  ) -> Result<Estimate, NotEstimable> {
    guard right.share > 0 || wrong.share > 0 else { return .failure(.noCalls(isPositive: isPositive)) }
    let (lower, upper) = wrong.ratio(to: right)
    let odds = (1 - share) / share
    func rightShare(_ ratio: Double) -> Double {
      // Where nobody has it, no call is right, and where everybody has, each is; whatever the ratio.
      share == 0 ? 0 : share == 1 ? 1 : 1 / (1 + ratio * odds)
    }
    let value = rightShare(right.share > 0 ? wrong.share / right.share : .infinity)
    return .success(
      Estimate(
        value: value,
        interval: Interval(
          lower: rightShare(upper), upper: rightShare(lower), level: level, method: "MOVER of Wilson's")))
  }
}

/// A proportion with the limits of its interval.
private struct Proportion {
  let share, lower, upper: Double

  var complement: Proportion { Proportion(share: 1 - share, lower: 1 - upper, upper: 1 - lower) }

  /// The limits of this share over `other`'s, by MOVER: where the difference of this and r times the other has a limit of 0.
  func ratio(to other: Proportion) -> (lower: Double, upper: Double) {
    let product = share * other.share
    /// `mine` and `theirs` are the limits on the sides that make the ratio smallest, or largest.
    func limit(_ mine: Double, _ theirs: Double, _ sign: Double) -> Double {
      let quadratic = theirs * (2 * other.share - theirs)
      let constant = mine * (2 * share - mine)
      let root = max(0, product * product - constant * quadratic).squareRoot()
      // The same root written twice, so that neither a small nor a zero divisor cancels the digits.
      if sign < 0 { return constant == 0 ? 0 : constant / (product + root) }
      return quadratic <= 0 ? .infinity : (product + root) / quadratic
    }
    return (limit(lower, other.upper, -1), limit(upper, other.lower, 1))
  }
}
