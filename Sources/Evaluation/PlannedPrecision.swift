/// How wide intervals will be with so many patients, and how many patients a wanted width takes.
///
/// Widths are from limit to limit, before any clipping to 0...1. Patients count as independent: slices add none. Sources:
/// Hanley and McNeil, Radiology 1982; DeLong, DeLong and Clarke-Pearson, Biometrics 1988; Wilson, JASA 1927.
public enum PlannedPrecision {
  /// Patients of each class.
  public struct Patients: Equatable, Sendable {
    /// Of high grade.
    public let positives: Int
    /// Of low grade.
    public let negatives: Int
    /// Both.
    public var total: Int { positives + negatives }

    /// Makes a size from its parts.
    public init(positives: Int, negatives: Int) {
      self.positives = positives
      self.negatives = negatives
    }
  }

  /// The width of the AUC's interval that Hanley and McNeil's standard error gives.
  ///
  /// Throws also where the AUC is 0 or 1, for which the standard error is 0.
  public static func widthOfAUC(
    _ auc: Double, patients: Patients, level: Double = 0.95
  ) throws(NotEstimable) -> Double {
    try check(auc: auc, level)
    guard patients.positives > 0, patients.negatives > 0 else {
      throw patients.total > 0 ? .oneClass(isPositive: patients.positives > 0) : .noCases
    }
    guard auc > 0, auc < 1 else { throw .noVariation("an AUC of \(auc) has no standard error to plan with") }
    return width(hanleyMcNeil(auc, Double(patients.positives), Double(patients.negatives)), level)
  }

  /// The fewest patients with which the AUC's interval is at most `width` wide, by Hanley and McNeil.
  ///
  /// `positiveShare` (above 0, below 1) of them have high grade; each class is rounded up. Throws also where the AUC is 0 or 1,
  /// for which the standard error is 0.
  public static func patients(
    forAUC auc: Double, width wanted: Double, positiveShare: Double, level: Double = 0.95
  ) throws(NotEstimable) -> Patients {
    try check(auc: auc, level)
    try check(width: wanted)
    guard auc > 0, auc < 1 else { throw .noVariation("an AUC of \(auc) has no standard error to plan with") }
    guard positiveShare > 0, positiveShare < 1 else {
      throw .badSetting("the share of positives must lie between 0 and 1, found \(positiveShare)")
    }
    func patients(_ total: Double) -> Patients {
      // Less what rounding may have added to a whole number.
      func up(_ count: Double) -> Int { max(1, Int((count - 1e-9 * total).rounded(.up))) }
      return Patients(positives: up(positiveShare * total), negatives: up((1 - positiveShare) * total))
    }
    let total = fewest { total in
      let planned = patients(total)
      return width(hanleyMcNeil(auc, Double(planned.positives), Double(planned.negatives)), level) <= wanted
    }
    return patients(Double(total))
  }

  /// The width of Wilson's interval of a proportion that turns out as `share` (0...1) in so many patients.
  public static func widthOfProportion(
    _ share: Double, patients: Int, level: Double = 0.95
  ) throws(NotEstimable) -> Double {
    try check(share: share, level)
    guard patients > 0 else { throw .noCases }
    return wilson(share, Double(patients), level)
  }

  /// The fewest patients with which Wilson's interval of `share` (0...1) is at most `width` wide.
  ///
  /// For a sensitivity these are patients with high grade, for a specificity with low grade.
  public static func patients(
    forProportion share: Double, width wanted: Double, level: Double = 0.95
  ) throws(NotEstimable) -> Int {
    try check(share: share, level)
    try check(width: wanted)
    return fewest { wilson(share, $0, level) <= wanted }
  }

  private static func hanleyMcNeil(_ auc: Double, _ positives: Double, _ negatives: Double) -> Double {
    let square = auc * auc
    // Two positives above one negative, and one positive above two negatives.
    let (q1, q2) = (auc / (2 - auc), 2 * square / (1 + auc))
    return (auc * (1 - auc) + (positives - 1) * (q1 - square) + (negatives - 1) * (q2 - square))
      / (positives * negatives)
  }

  private static func wilson(_ share: Double, _ patients: Double, _ level: Double) -> Double {
    let z = Normal.quantile(0.5 + level / 2)
    return 2 * z / (1 + z * z / patients)
      * (share * (1 - share) / patients + z * z / (4 * patients * patients)).squareRoot()
  }

  private static func width(_ variance: Double, _ level: Double) -> Double {
    2 * Normal.quantile(0.5 + level / 2) * max(0, variance).squareRoot()
  }

  /// The smallest whole number from 2 on that `isEnough`; more must be enough too.
  private static func fewest(_ isEnough: (Double) -> Bool) -> Int {
    var (tooFew, enough) = (1, 2)
    while !isEnough(Double(enough)), enough < 1 << 40 { (tooFew, enough) = (enough, enough * 2) }
    while enough - tooFew > 1 {
      let middle = (tooFew + enough) / 2
      if isEnough(Double(middle)) { enough = middle } else { tooFew = middle }
    }
    return enough
  }

  private static func check(auc: Double, _ level: Double) throws(NotEstimable) {
    try Evaluation.check(level: level)
    guard (0...1).contains(auc) else { throw .badSetting("the AUC must lie within 0 to 1, found \(auc)") }
  }

  private static func check(share: Double, _ level: Double) throws(NotEstimable) {
    try Evaluation.check(level: level)
    guard (0...1).contains(share) else { throw .badSetting("the proportion must lie within 0 to 1, found \(share)") }
  }

  private static func check(width: Double) throws(NotEstimable) {
    guard width > 0, width <= 1 else { throw .badSetting("the width must be above 0 and at most 1, found \(width)") }
  }
}
