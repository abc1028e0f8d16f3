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
      { AUCInterval.bootstrap(cases) }, otherwise: "Not estimable: it needs two patients and both classes.")
    obuchowski = area({ () throws(NotEstimable) in try AUCInterval.obuchowski(cases) }, otherwise: few)
    averagePrecision = Stated { () throws(NotEstimable) in try PrecisionRecallCurve.averagePrecision(cases) }
  }
}
