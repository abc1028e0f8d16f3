import Analysis
import Foundation

/// How often the intervals in the report contain the true value in simulated cohorts.
///
/// The numbers are those of `Tests/Reference/coverage.py`, which says how the cohorts are made.
struct Coverage: Decodable {
  /// One interval at one size.
  struct Row: Decodable {
    /// The metric's key in `metrics.json`, or a name of the measure.
    let measure: String
    /// Patients, one case each, or slices of which patients have several.
    let level: Level
    /// The patients, and those of high grade among them.
    let patients, positives: Int
    /// The share of cohorts in which the interval contains the true value, by AUC.
    let coverage: [Double]

    /// The least and the greatest.
    var range: ClosedRange<Double> { (coverage.min() ?? 0)...(coverage.max() ?? 0) }
  }

  /// How many cohorts of each kind.
  let cohorts: Int
  /// The true AUCs of the cohorts.
  let aucs: [Double]
  let intervals: [Row]

  /// The coverage that a 95% interval may have without a remark.
  static let accepted = 0.93...0.975

  /// The table that is built in.
  static let simulated = Result {
    try JSONDecoder().decode(Coverage.self, from: Data(PackageResources.coverage_json))
  }

  /// The row of a measure at the size that is nearest, by the ratio of the patients.
  func row(_ measure: String, _ level: Level, patients: Int) -> Row? {
    // A lesion is one of several of a patient at times, as a slice is.
    intervals.filter { $0.measure == measure && $0.level == (level == .patient ? .patient : .slice) }
      .min { distance($0, patients) < distance($1, patients) }
  }

  private func distance(_ row: Row, _ patients: Int) -> Double {
    abs(log(Double(row.patients) / Double(max(1, patients))))
  }

  /// How often the intervals of some measures contain the true value at about this size, in a sentence or two.
  static func remark(_ measures: [(key: String, name: String)], at levels: [Level] = [.patient], patients: Int) -> HTML
  {
    let table: Coverage
    switch simulated {
    case .success(let found): table = found
    case .failure(let error): return .remark("The table of simulated coverage cannot be read: \(error)")
    }
    var size: Row?
    var (texts, narrow, wide): ([String], [String], [String]) = ([], [], [])
    for level in levels {
      for measure in measures {
        guard let row = table.row(measure.key, level, patients: patients) else { continue }
        size = row
        let name = levels.count > 1 ? "\(measure.name) (\(level.plural))" : measure.name
        texts.append("\(name) \(percent(row.range.lowerBound)) to \(percent(row.range.upperBound))%")
        if row.range.lowerBound < accepted.lowerBound { narrow.append(name) }
        if row.range.upperBound > accepted.upperBound { wide.append(name) }
      }
    }
    guard let size else { return .remark("The coverage of these intervals was not simulated.") }
    let outside = [
      narrow.isEmpty ? nil : "Sometimes below 93%, so these are too narrow: \(narrow.joined(separator: ", ")).",
      wide.isEmpty
        ? nil : "Sometimes above 97.5%, so these are wider than necessary: \(wide.joined(separator: ", ")).",
    ].compactMap { $0 }
    let sizes = table.intervals.map(\.patients)
    let isBeyond = patients < (sizes.min() ?? 0) / 2 || patients > 2 * (sizes.max() ?? 0)
    return .remark(
      "Simulated coverage of these 95% intervals, with \(size.patients) patients (\(size.positives) of high grade) and AUCs of "
        + "\(Format.number(table.aucs.min())) to \(Format.number(table.aucs.max())): \(texts.joined(separator: ", ")). "
        + (outside.isEmpty ? "All lie within 93 to 97.5%." : outside.joined(separator: " "))
        + (isBeyond ? " No cohort of about \(Format.count(patients, "patient")) was simulated." : ""))
  }

  private static func percent(_ share: Double) -> String { Format.number(100 * share, decimals: 1) }
}
