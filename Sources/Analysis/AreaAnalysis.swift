import Evaluation

/// How well a level's probabilities rank, with an interval by each method.
public struct AreaAnalysis: Codable, Equatable, Sendable {
  /// The level.
  public let level: Level
  /// The AUC with DeLong's interval, which takes cases as independent; at patient level only.
  public let deLong: Stated
  /// The AUC with the percentile interval over draws of whole patients.
  public let bootstrap: Stated
  /// The AUC with Obuchowski's interval for clustered cases, on the logit's scale.
  public let obuchowski: Stated
  /// The average precision with the percentile interval over draws of whole patients.
  public let averagePrecision: Stated
  /// The share of high grade: the average precision of probabilities that tell nothing; nil without cases.
  public let positiveShare: Double?

  init(_ level: Level, _ cases: Cases) {
    let cases = cases.finite
    self.level = level
    positiveShare = cases.count > 0 ? Double(cases.positives) / Double(cases.count) : nil
    func area(_ interval: () throws(NotEstimable) -> Interval?, otherwise: String) -> Stated {
      let auc = ROCCurve(cases)?.auc
      do throws(NotEstimable) {
        let found = try interval()
        // What rounding leaves is no width, and no certainty either.
        if let found, found.width <= 1e-9 { throw .noVariation("the AUC does not vary between these patients") }
        return Stated(value: auc, interval: found, note: found == nil ? otherwise : nil)
      } catch {
        return Stated(value: auc, note: error.description)
      }
    }
    let few = "Not estimable: it needs two patients of each class."
    deLong = area(
      { () throws(NotEstimable) in
        if cases.isClustered {
          throw .clustered(instead: "Take the bootstrap over patients, or Obuchowski's interval.")
        }
        return AUCInterval.deLong(cases)
      }, otherwise: few)
    bootstrap = area(
      { () throws(NotEstimable) in
        // With one patient of a class every draw holds the same one, and the interval is that of the other class alone.
        [true, false].allSatisfy { cases.clusterCount(positive: $0) > 1 } ? AUCInterval.bootstrap(cases) : nil
      }, otherwise: few)
    obuchowski = area({ () throws(NotEstimable) in try AUCInterval.obuchowski(cases) }, otherwise: few)
    averagePrecision = Stated(
      { () throws(NotEstimable) in try PrecisionRecallCurve.averagePrecision(cases) },
      otherwise: { () throws(NotEstimable) in try PrecisionRecallCurve(cases).averagePrecision })
  }
}
