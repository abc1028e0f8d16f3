public import Evaluation
public import Experiment
public import Study
public import Support

/// The thresholds of a run, and what other rules would have given.
///
/// For fold k a rule sees the out-of-fold predictions of the other folds' patients only.
public struct ThresholdAnalysis: Codable, Equatable, Sendable {
  /// What one rule gives at patient level.
  public struct Alternative: Codable, Equatable, Sendable {
    /// The rule.
    public let rule: StudyProtocol.Evaluation.ThresholdRule
    /// The patients of all folds, each decided at the threshold of its fold.
    public let result: LevelMetrics
  }

  /// The rule by which all results of the run are decided.
  public let rule: StudyProtocol.Evaluation.ThresholdRule
  /// The sensitivity that `fixedSensitivity` is to reach.
  public let targetSensitivity: Double
  /// The thresholds of slices, by fold.
  public let slice: FoldThresholds
  /// The thresholds of lesions, by fold.
  public let lesion: FoldThresholds
  /// The thresholds of patients, by fold.
  public let patient: FoldThresholds
  /// The protocol's threshold, which is used where a rule finds none.
  public let stated: Double

  /// The thresholds at `level`.
  public subscript(level: Level) -> FoldThresholds {
    switch level {
    case .slice: slice
    case .lesion: lesion
    case .patient: patient
    }
  }

  init(_ cases: LevelCases, _ evaluation: StudyProtocol.Evaluation, foldCount: Int) {
    func chosen(_ level: Level) -> FoldThresholds {
      FoldThresholds(
        cases.fitting(level, foldCount: foldCount), rule: evaluation.choice, stated: evaluation.threshold)
    }
    rule = evaluation.thresholdRule ?? .fixed
    targetSensitivity = evaluation.targetSensitivity ?? StudyProtocol.Evaluation.usualSensitivity
    stated = evaluation.threshold
    (slice, lesion, patient) = (chosen(.slice), chosen(.lesion), chosen(.patient))
  }

  /// The threshold of each case at `level`.
  func each(_ cases: LevelCases, _ level: Level) -> [Double] {
    self[level].each(of: cases.folds(level), stated: stated)
  }

  /// What each rule would have given, at patient level.
  static func alternatives(
    _ cases: LevelCases, _ evaluation: StudyProtocol.Evaluation, foldCount: Int
  ) -> [Alternative] {
    StudyProtocol.Evaluation.ThresholdRule.allCases.map { rule in
      let fitting = cases.fitting(.patient, foldCount: foldCount)
      let chosen = FoldThresholds(fitting, rule: evaluation.choice(rule), stated: evaluation.threshold)
      let thresholds = chosen.each(of: fitting.folds, stated: evaluation.threshold)
      return Alternative(rule: rule, result: LevelMetrics(fitting.cases, thresholds: thresholds))
    }
  }
  /// From which probability on a slice is called high grade in the results of `run`, by fold.
  ///
  /// - Throws: `StudyError` where the run is damaged.
  public static func slices(of run: Run) throws(StudyError) -> [Double] {
    let evaluation = try StudyProtocol(contentsOf: run.protocolFile).evaluation
    let cases = LevelCases(try PredictionTable.read(run.predictionsFile), evaluation)
    let folds = try run.readJSON(Folds.self, from: run.foldsFile)
    return ThresholdAnalysis(cases, evaluation, foldCount: folds.heldOut.count).slice.thresholds
  }
}
