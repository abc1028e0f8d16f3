public import Evaluation
public import Experiment
public import Study
public import Support

/// Runs compared on the patients that all of them have predicted.
public struct RunComparison: Sendable {
  /// One run on those patients.
  public struct Entry: Sendable {
    /// The run's name.
    public let run: String
    /// Its protocol.
    public let settings: StudyProtocol
    /// What made it.
    public let manifest: Run.Manifest
    /// Its result at patient level.
    public let result: LevelMetrics
    /// The patients, each with its probability.
    public let cases: Cases
    /// The patients, each with 1 or 0 for what it is called at the run's own thresholds.
    let called: Cases
    /// The fold of each of the patients.
    let folds: [Int]
    /// The codes of all its own patients.
    let patients: Set<String>
    /// The result on all its own patients.
    let own: RunMetrics.Levels
  }

  /// A later run against an earlier one, in one measure.
  public struct Difference: Sendable {
    /// The places of the two runs: "earlier" is the one that the other is compared with.
    public let later, earlier: Int
    /// The measure, such as "AUC".
    public let measure: String
    /// The later run's value less the earlier's.
    public let difference: Stated
    /// By what test the p-value is.
    public let test: String
    /// The p-value of no difference; nil where it can't be stated.
    public let pValue: Double?
    /// The p-value by Holm's correction over all pairs that are compared; nil where there is none.
    public fileprivate(set) var adjustedPValue: Double? = nil
    /// The one-sided p-value against a loss as large as the margin; nil where it can't be stated.
    public let noWorsePValue: Double?
    /// Whether the later run does better, by the interval and the corrected p-value; nil where that can't be said.
    public fileprivate(set) var verdict: Verdict? = nil
  }

  /// Runs of one protocol that differ in their seeds alone.
  public struct SeedGroup: Sendable {
    /// The places of the runs.
    public let runs: [Int]
    /// By metric: its values, each run's on its own patients.
    public let values: [(metric: Metric, values: [Double])]
  }

  /// The runs, in the order in which they were named.
  public let entries: [Entry]
  /// Every later run against every earlier one, or every run against the reference.
  public let differences: [Difference]
  /// Whether the AUCs of three or more runs differ at all; nil for two.
  public let overall: StatedTest?
  /// Groups of two or more runs.
  public let seedGroups: [SeedGroup]
  /// The loss up to which a run is no worse.
  public let margin: Double
  /// The patients on whom the runs are compared.
  public let patients: CommonPatients
  /// Whether all runs have the same folds.
  public let haveSameFolds: Bool

  /// Compares `runs`, each later run with every earlier one.
  ///
  /// - Parameters:
  ///   - runs: the runs.
  ///   - margin: the loss up to which a run is no worse, above 0.
  ///   - reference: the place of the one run that each of the others is compared with, which must be named beforehand; nil compares
  ///     all pairs. Holm's correction then counts one test less than there are runs.
  /// - Throws: `StudyError` where a run is damaged, fewer than two are named, one is named twice, the margin is not above 0, or
  ///   no patient is common to all.
  public init(_ runs: [Run], margin: Double, reference: Int? = nil) throws(StudyError) {
    guard runs.count > 1, Set(runs.map(\.id)).count == runs.count else {
      throw StudyError(
        .run, "name two or more runs to compare, each once; found \(runs.map(\.id).joined(separator: ", "))")
    }
    guard margin > 0, margin < 1 else {
      throw StudyError(.run, "the margin must be above 0 and below 1, found \(margin)")
    }
    var contents: [RunContent] = []
    for run in runs { contents.append(try RunContent(run)) }
    let common = CommonPatients(contents)
    guard !common.codes.isEmpty else {
      throw StudyError(
        .run, "no patient has a probability and the same class in all of the runs, so they cannot be compared")
    }
    self.margin = margin
    patients = common
    haveSameFolds = contents.allSatisfy { $0.folds == contents.first?.folds }
    entries = contents.map { content in
      let cases = content.cases.patient
      let places = Dictionary(cases.clusters.enumerated().map { ($1, $0) }) { first, _ in first }
      let kept = common.codes.compactMap { places[$0] }
      let thresholds = content.metrics.thresholds.each(content.cases, .patient)
      let folds = content.cases.folds(.patient)
      return Entry(
        run: content.run.id, settings: content.settings, manifest: content.manifest,
        result: LevelMetrics(cases.picked(kept), thresholds: kept.map { thresholds[$0] }), cases: cases.picked(kept),
        called: cases.called(at: thresholds).picked(kept), folds: kept.map { folds[$0] }, patients: Set(cases.clusters),
        own: content.metrics.pooled)
    }
    differences = Self.differences(entries, margin, reference)
    overall =
      entries.count < 3
      ? nil
      : StatedTest("chi-square over all runs' AUCs, DeLong") { [entries] () throws(NotEstimable) in
        (try AUCComparison.overall(entries.map(\.cases)).pValue, nil)
      }
    seedGroups = Self.seedGroups(entries)
  }

  // MARK: Differences

  private static func differences(_ entries: [Entry], _ margin: Double, _ reference: Int?) -> [Difference] {
    let pairs =
      reference.map { place in entries.indices.filter { $0 != place }.map { (later: $0, earlier: place) } }
      ?? entries.indices.flatMap { later in (0..<later).map { (later: later, earlier: $0) } }
    let measures: [(Entry, Entry, (Int, Int)) -> Difference] =
      [{ areas($0, $1, $2, margin) }] + rates.map { rate in { calls($0, $1, $2, margin, rate) } }
    return measures.flatMap { measure in
      judged(pairs.map { measure(entries[$0.later], entries[$0.earlier], ($0.later, $0.earlier)) }, margin)
    }.sorted { ($0.earlier, $0.later) < ($1.earlier, $1.later) }
  }

  /// The differences in one measure, corrected for their number and judged.
  private static func judged(_ differences: [Difference], _ margin: Double) -> [Difference] {
    zip(differences, HolmCorrection.adjusted(differences.map { $0.pValue ?? .nan })).map { difference, adjusted in
      var judged = difference
      judged.adjustedPValue = adjusted.isNaN ? nil : adjusted
      judged.verdict = judged.difference.interval.map {
        Verdict($0, pValue: judged.adjustedPValue, margin: margin)
      }
      return judged
    }
  }

  private static func areas(
    _ later: Entry, _ earlier: Entry, _ places: (Int, Int), _ margin: Double
  ) -> Difference {
    let found = Result { () throws(NotEstimable) in try AUCComparison.paired(later.cases, earlier.cases) }
    let paired = try? found.get()
    return Difference(
      later: places.0, earlier: places.1, measure: Metric.auc.name,
      difference: Stated { () throws(NotEstimable) in
        let difference = try found.get()
        return Estimate(value: difference.value, interval: difference.interval)
      }, test: "DeLong, paired", pValue: paired?.pValue,
      noWorsePValue: (try? paired?.nonInferiority(margin: margin))?.pValue)
  }

  private static let rates: [(metric: Metric, labels: Bool?)] = [
    (.accuracy, nil), (.sensitivity, true), (.specificity, false),
  ]

  private static func calls(
    _ later: Entry, _ earlier: Entry, _ places: (Int, Int), _ margin: Double, _ rate: (metric: Metric, labels: Bool?)
  ) -> Difference {
    let found = Result { () throws(NotEstimable) in
      try PairedDecisions(later.called, earlier.called, thresholds: (0.5, 0.5), labels: rate.labels)
    }
    let decisions = try? found.get()
    return Difference(
      later: places.0, earlier: places.1, measure: rate.metric.name,
      difference: Stated { () throws(NotEstimable) in
        let decisions = try found.get()
        return Estimate(value: decisions.difference, interval: decisions.interval())
      }, test: "McNemar, exact", pValue: decisions?.mcNemar.exactPValue,
      noWorsePValue: decisions?.noWorsePValue(margin: margin))
  }

  // MARK: Seeds

  private static func seedGroups(_ entries: [Entry]) -> [SeedGroup] {
    var groups: [(identity: ExperimentIdentity, runs: [Int])] = []
    for (place, entry) in entries.enumerated() {
      let identity = ExperimentIdentity(entry.manifest, entry.settings).withoutSeeds
      if let known = groups.firstIndex(where: { $0.identity == identity }) {
        // A run that only repeats the seeds of another has no spread of its own.
        if !groups[known].runs.contains(where: { entries[$0].seeds == entry.seeds }) {
          groups[known].runs.append(place)
        }
      } else {
        groups.append((identity, [place]))
      }
    }
    return groups.filter { $0.runs.count > 1 }.map { group in
      SeedGroup(
        runs: group.runs,
        values: Metric.all.map { metric in
          (metric, group.runs.compactMap { entries[$0].own.patient[metric].value })
        })
    }
  }
}

extension RunComparison.Entry {
  /// The seeds of folds and training.
  fileprivate var seeds: [UInt64] { [settings.folds.seed, settings.seed] }
}
