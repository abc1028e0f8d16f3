public import Evaluation
public import Experiment
public import Study
public import Support

/// Several rivals side by side on the same patients: the file `rivals.json`.
public struct RivalsResult: Codable, Sendable {
  /// One rival that has a run.
  public struct Entry: Codable, Sendable {
    /// Its name.
    public let name: String
    /// What it is, in a sentence.
    public let title: String
    /// Its run's name.
    public let run: String
    /// The name of its learner.
    public let learner: String
    /// The result on the patients common to all, at patient level.
    public let result: LevelMetrics
    /// The AUC of the patients' ranks within their folds, which does not depend on the scales of the folds' models.
    public let withinFolds: Stated
    /// The AUC adjusted for the tumour's size, on those of them whose size is known.
    public let adjustedAUC: Stated
    /// The calibration on the common patients.
    public let calibration: CalibrationAnalysis.Measures
    /// The result on all patients that it predicted.
    public let own: LevelMetrics
    /// Patients whom another rival uses, and for whom it has no example.
    public let withoutExample: Int
    /// Patients for whom it has an example and no probability: a value in a column is missing.
    public let withoutProbability: Int
    /// What the fit took.
    public let cost: RivalCost
    /// The net benefit by threshold probability; nil where it can't be stated.
    public let netBenefit: [NetBenefit]?
    /// Why there is no net benefit.
    public let netBenefitNote: String?
    /// Sentences on what differs from what its protocol asks.
    public let notes: [String]
  }

  /// A point of a decision curve.
  public struct NetBenefit: Codable, Sendable {
    /// The threshold probability.
    public let threshold: Double
    /// The net benefit per patient, with its interval.
    public let model: Stated
    /// That of acting on everyone.
    public let everyone: Double
  }

  /// A rival's value less the reference's.
  public struct Difference: Codable, Sendable {
    /// The rival.
    public let name: String
    /// The measure, such as "AUC".
    public let measure: String
    /// The rival's value less the reference's.
    public let difference: Stated
    /// By what test the p-value is.
    public let test: String
    /// The p-value, and the same by Holm's correction over the rivals, one less than there are; nil where there is none.
    public let pValue, adjustedPValue: Double?
    /// Whether the rival does better; nil where that can't be said.
    public let verdict: Verdict?
  }

  /// The rivals with a run, in their order.
  public let entries: [Entry]
  /// Those without one, each with its reason.
  public let failed: [Rivals.Rival]
  /// The name of the reference.
  public let reference: String
  /// The loss up to which a rival is no worse than the reference.
  public let margin: Double
  /// Each rival but the reference against it.
  public let differences: [Difference]
  /// Whether the AUCs differ at all; nil for two rivals.
  public let overall: StatedTest?
  /// The patients on whom all are compared.
  public let patients: CommonPatients
  /// The column that the AUC is adjusted for.
  public let sizeColumn: String
  /// How many of these patients have a value in it.
  public let patientsWithSize: Int
  /// By pair of rivals.
  public let agreement: RivalAgreement
  /// Which patients which rivals call wrong.
  public let errors: RivalErrors
  /// "The best of all", chosen without the patients that it is judged on; nil where that was not asked.
  public let choice: RivalChoice.Result?
  /// Whether the images are synthetic.
  public let isSynthetic: Bool

  /// Compares the runs of rivals.
  ///
  /// - Parameters:
  ///   - rivals: the rivals, two or more of them with a run.
  ///   - reference: the name of the one that the others are compared with, fixed before the results are known.
  ///   - margin: the loss of AUC up to which a rival is no worse, above 0 and below 1.
  ///   - study: where the runs are.
  ///   - choice: what the nested choice gave; nil where none was made.
  /// - Throws: `StudyError` where a run is damaged, fewer than two rivals have one, the reference has none, or no patient is common
  ///   to all.
  public init(
    _ rivals: [Rivals.Rival], reference: String, margin: Double, in study: StudyFolder,
    choice: RivalChoice.Result? = nil
  ) throws(StudyError) {
    let fitted = rivals.filter { $0.run != nil }
    failed = rivals.filter { $0.run == nil }
    guard fitted.count > 1 else {
      let reasons = failed.map { "\($0.name): \($0.reason ?? "")" }.joined(separator: " ")
      throw StudyError(.run, "two or more rivals with a run are needed to compare them. \(reasons)")
    }
    guard let place = fitted.firstIndex(where: { $0.name == reference }) else {
      let reason = failed.first { $0.name == reference }?.reason
      throw StudyError(
        .run,
        "the reference \(reference) has no run\(reason.map { ": \($0)" } ?? ""). Name another with --reference: "
          + fitted.map(\.name).joined(separator: ", "))
    }
    var runs: [Run] = []
    for rival in fitted { runs.append(try Run.open(rival.run, in: study)) }
    let comparison = try RunComparison(runs, margin: margin, reference: place)
    let everyone = Set(comparison.entries.flatMap(\.patients))
    let lesions = try runs[place].readJSONIfPresent([RunLesion].self, from: runs[place].lesionsFile) ?? []
    let column = comparison.entries[place].settings.baselines?.size ?? RunLesion.extentColumn
    let sizes = RivalSizes(lesions, column, comparison.patients.codes)
    var entries: [Entry] = []
    for (rival, (run, found)) in zip(fitted, zip(runs, comparison.entries)) {
      let (netBenefit, netBenefitNote) = NetBenefit.curve(found.cases)
      entries.append(
        Entry(
          name: rival.name, title: rival.title, run: run.id, learner: found.manifest.learner.learner,
          result: found.result,
          withinFolds: Stated { () throws(NotEstimable) in try .area(found.cases.ranked(within: found.folds)) },
          adjustedAUC: sizes.adjustedAUC(found.cases),
          calibration: .init(found.cases), own: found.own.patient,
          withoutExample: everyone.subtracting(found.patients).count,
          withoutProbability: found.patients.count - found.own.patient.clusters,
          cost: RivalCost(
            try run.costs(folds: found.settings.folds.count), found.manifest.learner.network?.trainedParameters),
          netBenefit: netBenefit, netBenefitNote: netBenefitNote, notes: found.manifest.notes))
    }
    self.entries = entries
    self.reference = reference
    self.margin = margin
    differences = comparison.differences.map {
      Difference(
        name: fitted[$0.later].name, measure: $0.measure, difference: $0.difference, test: $0.test, pValue: $0.pValue,
        adjustedPValue: $0.adjustedPValue, verdict: $0.verdict)
    }
    overall = comparison.overall
    patients = comparison.patients
    sizeColumn = column
    patientsWithSize = sizes.known.count
    let names = fitted.map(\.name)
    agreement = RivalAgreement(names, comparison.entries)
    errors = RivalErrors(names, comparison.entries)
    self.choice = choice
    isSynthetic = comparison.entries.contains { $0.manifest.synthetic }
  }
}

extension RivalsResult.NetBenefit {
  /// The decision curve of some patients, at every second per cent, or why there is none.
  static func curve(_ cases: Cases) -> (points: [RivalsResult.NetBenefit]?, note: String?) {
    do throws(NotEstimable) {
      let curve = try DecisionCurve(cases, thresholds: (1..<40).map { Double($0) / 50 }, samples: 500)
      let points = curve.points.map {
        RivalsResult.NetBenefit(
          threshold: $0.threshold,
          model: Stated(value: $0.model.value, interval: $0.model.interval, note: $0.noInterval?.description),
          everyone: $0.treatAll)
      }
      return (points, nil)
    } catch {
      return (nil, error.description)
    }
  }
}
