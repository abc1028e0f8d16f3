import Evaluation

/// The predictive values at given shares of high grade.
public struct PredictiveAnalysis: Codable, Equatable, Sendable {
  /// The values at one share of high grade.
  public struct Values: Codable, Equatable, Sendable {
    /// Whose share it is.
    public let name: String
    /// The share of high grade among the patients, 0...1.
    public let prevalence: Double
    /// The share of high-grade calls that would be right.
    public let positive: Stated
    /// The share of low-grade calls that would be right.
    public let negative: Stated
  }

  /// The share of high grade in the paper's annotated subset: the 14 of 40 that its Table 5 fits; its text says 26.
  static let papersSubset = 0.35
  /// The share of high grade in the paper's cohort, 144 of 505.
  static let papersCohort = 0.285

  /// At this cohort's share, and at the paper's two.
  public let values: [Values]
  /// Why there are none.
  public let note: String?

  /// `called` are patients with 1 or 0 for what they are called.
  init(_ called: Cases) {
    let cases = called.finite
    let own = cases.count > 0 ? Double(cases.positives) / Double(cases.count) : 0
    let named = [
      ("this cohort", own), ("the paper's annotated subset", Self.papersSubset),
      ("the paper's cohort", Self.papersCohort),
    ]
    do throws(NotEstimable) {
      let curve = try PredictiveValues.curve(cases, threshold: 0.5, prevalences: named.map(\.1))
      values = zip(named, curve).map { name, point in
        Values(
          name: name.0, prevalence: point.prevalence,
          positive: Stated { () throws(NotEstimable) in try point.positive.get() },
          negative: Stated { () throws(NotEstimable) in try point.negative.get() })
      }
      note = nil
    } catch {
      (values, note) = ([], error.description)
    }
  }
}
