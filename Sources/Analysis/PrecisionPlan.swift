import Evaluation

/// The precision that this number of patients gives, and the number that a wanted precision needs.
public struct PrecisionPlan: Codable, Equatable, Sendable {
  /// The patients that a width takes.
  public struct Need: Codable, Equatable, Sendable {
    /// The width of the 95% interval, from limit to limit.
    public let width: Double
    /// The patients, in the cohort's own share of high grade; nil where that can't be stated.
    public let patients: Int?
    /// Those of high grade.
    public let positives: Int?
    /// Why there is no number.
    public let note: String?
  }

  /// One measure.
  public struct Row: Codable, Equatable, Sendable {
    /// Its name.
    public let measure: String
    /// The value that is planned with: that of this run.
    public let value: Double?
    /// The width of this run's own interval.
    public let width: Stated
    /// What the wanted widths need.
    public let needs: [Need]
  }

  /// The widths that are planned for, from limit to limit.
  public static let widths = [0.20, 0.15, 0.10]

  /// AUC, sensitivity and specificity.
  public let rows: [Row]

  init(_ patient: LevelMetrics) {
    let share = patient.n > 0 ? Double(patient.positives) / Double(patient.n) : 0
    func value(_ metric: Metric) throws(NotEstimable) -> Double {
      guard let value = patient[metric].value else {
        throw patient.n == 0 ? .noCases : .oneClass(isPositive: patient.positives > 0)
      }
      return value
    }
    func row(
      _ metric: Metric,
      patients: (Double) throws(NotEstimable) -> (total: Int, positives: Int)
    ) -> Row {
      Row(
        measure: metric.name, value: patient[metric].value,
        width: Stated { () throws(NotEstimable) in
          _ = try value(metric)
          return Estimate(value: patient[metric].interval?.width, interval: nil)
        },
        needs: Self.widths.map { wanted in
          do throws(NotEstimable) {
            let found = try patients(wanted)
            return Need(width: wanted, patients: found.total, positives: found.positives, note: nil)
          } catch {
            return Need(width: wanted, patients: nil, positives: nil, note: error.description)
          }
        })
    }
    // So many of one class mean so many of both, where the classes keep their shares.
    func rate(_ metric: Metric, isPositive: Bool) -> Row {
      row(
        metric,
        patients: { (wanted) throws(NotEstimable) in
          let needed = try PlannedPrecision.patients(forProportion: try value(metric), width: wanted)
          let other = isPositive ? (1 - share) / share : share / (1 - share)
          guard other.isFinite else { throw .oneClass(isPositive: patient.positives > 0) }
          let others = Int((Double(needed) * other).rounded(.up))
          return (needed + others, isPositive ? needed : others)
        })
    }
    rows = [
      row(
        .auc,
        patients: { (wanted) throws(NotEstimable) in
          let found = try PlannedPrecision.patients(forAUC: try value(.auc), width: wanted, positiveShare: share)
          return (found.total, found.positives)
        }),
      rate(.sensitivity, isPositive: true), rate(.specificity, isPositive: false),
    ]
  }
}
