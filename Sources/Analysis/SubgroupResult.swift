import Evaluation
import Experiment
import Study

/// The patient-level result in parts of the patients, and whether the parts differ by more than chance.
public struct SubgroupResult: Codable, Equatable, Sendable {
  /// One part.
  public struct Part: Codable, Equatable, Sendable {
    /// Its name.
    public let name: String
    /// Its patients.
    public let patients: Int
    /// Those of high grade.
    public let positives: Int
    /// The AUC.
    public let auc: Stated
    /// The sensitivity at the run's thresholds.
    public let sensitivity: Stated
    /// The specificity at the run's thresholds.
    public let specificity: Stated
  }

  /// What divides the patients.
  public let name: String
  /// The column that it is read from.
  public let column: String
  /// Patients without a value, who are in no subgroup.
  public let missing: Int
  /// The parts in their order; an empty one stays.
  public let parts: [Part]
  /// Whether the AUCs differ: Cochran's Q.
  public internal(set) var heterogeneity: StatedTest?
  /// Whether a probability means the same in each part: the likelihood-ratio test of logit by part.
  public internal(set) var interaction: StatedTest?
  /// Why there are no parts.
  public let note: String?

  /// Parts with fewer patients of either class take no part in tests, whose distributions are those of many.
  static let fewest = 5

  /// A column with more values than this is not used for subgroups.
  static let mostValues = 12

  /// The results of `subgroups`, with p-values corrected for their number, each kind of test by itself.
  ///
  /// `patients` are the cases at patient level with the patients' codes as clusters, `thresholds` those of each.
  static func all(
    _ subgroups: [StudyProtocol.Subgroup], _ patients: Cases, thresholds: [Double], _ attributes: PatientAttributes
  ) -> [SubgroupResult] {
    var results = subgroups.map { SubgroupResult($0, patients, thresholds, attributes) }
    for test in [\SubgroupResult.heterogeneity, \SubgroupResult.interaction] {
      let places = results.indices.filter { results[$0][keyPath: test] != nil }
      let corrected = StatedTest.corrected(places.compactMap { results[$0][keyPath: test] })
      for (place, result) in zip(places, corrected) { results[place][keyPath: test] = result }
    }
    return results
  }

  private init(
    _ subgroup: StudyProtocol.Subgroup, _ patients: Cases, _ thresholds: [Double], _ attributes: PatientAttributes
  ) {
    column = subgroup.column
    name = subgroup.name ?? subgroup.column
    let scored = patients.scores.indices.filter { patients.scores[$0].isFinite }
    let groups: [String?] = scored.map { Self.group(patients.clusters[$0], subgroup, attributes) }
    let kept = groups.indices.filter { groups[$0] != nil }
    missing = groups.count - kept.count
    let places = kept.map { scored[$0] }
    let members = kept.compactMap { groups[$0] }
    let names = subgroup.cuts.map(Self.ranges) ?? Set(members).sorted()
    guard !members.isEmpty, names.count <= Self.mostValues else {
      parts = []
      note =
        members.isEmpty
        ? "No patient has a value in this column."
        : "The column has \(names.count) different values, which is too many for subgroups. Set `cuts` for it, or group its values."
      return
    }
    let cases = patients.picked(places)
    do throws(NotEstimable) {
      let analysis = try SubgroupAnalysis(cases, groups: members, names: names)
      parts = analysis.subgroups.map { part in
        let own = members.indices.filter { members[$0] == part.name }
        let decided = LevelMetrics(cases.picked(own), thresholds: own.map { thresholds[places[$0]] })
        return Part(
          name: part.name, patients: part.count, positives: part.positives,
          auc: Stated { () throws(NotEstimable) in try part.auc.get() },
          sensitivity: Self.rate(decided, .sensitivity), specificity: Self.rate(decided, .specificity))
      }
      heterogeneity = StatedTest("Cochran's Q of the AUCs") { () throws(NotEstimable) in
        let found = try analysis.heterogeneity(fewest: Self.fewest)
        let leftOut = found.leftOut.joined(separator: ", ")
        let reason = "fewer than \(Self.fewest) patients of a class, or an AUC that does not vary"
        return (found.test.pValue, leftOut.isEmpty ? nil : "Not included (\(reason)): \(leftOut).")
      }
      interaction = StatedTest("likelihood ratio, logit by part") { () throws(NotEstimable) in
        (try analysis.logisticInteraction(fewest: Self.fewest).pValue, nil)
      }
      note = nil
    } catch {
      (parts, note) = ([], error.description)
    }
  }

  /// A rate of a part, or which class it lacks.
  private static func rate(_ decided: LevelMetrics, _ metric: Metric) -> Stated {
    Stated { () throws(NotEstimable) in
      guard decided[metric].value != nil else {
        throw decided.n == 0 ? .noCases : .oneClass(isPositive: decided.positives > 0)
      }
      return decided[metric]
    }
  }

  private static func group(
    _ patient: String, _ subgroup: StudyProtocol.Subgroup, _ attributes: PatientAttributes
  ) -> String? {
    guard let cuts = subgroup.cuts else { return attributes.word(patient, subgroup.column) }
    guard let number = attributes.number(patient, subgroup.column) else { return nil }
    return ranges(cuts)[cuts.count { number >= $0 }]
  }

  /// The names of the ranges that `cuts` make.
  private static func ranges(_ cuts: [Double]) -> [String] {
    func text(_ cut: Double) -> String { cut == cut.rounded() && abs(cut) < 1e9 ? "\(Int(cut))" : "\(cut)" }
    guard let first = cuts.first, let last = cuts.last else { return [] }
    return ["below \(text(first))"] + zip(cuts, cuts.dropFirst()).map { "\(text($0)) to below \(text($1))" }
      + ["\(text(last)) or more"]
  }
}
