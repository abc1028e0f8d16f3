public import Evaluation
public import Experiment
public import Study

/// `metrics.json`: a run's result, pooled over the folds and fold by fold.
///
/// Every prediction is out of fold: it comes from the network that has not seen the patient. Pooled values put the scores of
/// all folds' networks on one scale.
public struct RunMetrics: Codable, Equatable, Sendable {
  /// The result at each level.
  public struct Levels: Codable, Equatable, Sendable {
    /// Slices; those of one patient are not independent.
    public let slice: LevelMetrics
    /// Lesions.
    public let lesion: LevelMetrics
    /// Patients; a patient is high grade where any lesion is.
    public let patient: LevelMetrics

    /// The result at `level`.
    public subscript(level: Level) -> LevelMetrics {
      switch level {
      case .slice: slice
      case .lesion: lesion
      case .patient: patient
      }
    }

    init(_ metrics: (Level) -> LevelMetrics) {
      (slice, lesion, patient) = (metrics(.slice), metrics(.lesion), metrics(.patient))
    }
  }

  /// All folds' predictions taken together.
  public let pooled: Levels
  /// The folds in order; one without predictions has no cases.
  public let folds: [Levels]
  /// How the cases were decided.
  public let thresholds: ThresholdAnalysis
  /// What is stated besides; nil where only the result was asked for.
  public internal(set) var analysis: RunAnalysis?

  /// Computes the result of a run's predictions, without `analysis`.
  public init(predictions: [Prediction], evaluation: StudyProtocol.Evaluation, foldCount: Int) {
    self.init(LevelCases(predictions, evaluation), evaluation, foldCount: foldCount)
  }

  init(_ cases: LevelCases, _ evaluation: StudyProtocol.Evaluation, foldCount: Int) {
    let thresholds = ThresholdAnalysis(cases, evaluation, foldCount: foldCount)
    self.thresholds = thresholds
    pooled = Levels { level in
      guard thresholds.rule != .fixed else { return LevelMetrics(cases[level], threshold: evaluation.threshold) }
      return LevelMetrics(cases[level], thresholds: thresholds.each(cases, level))
    }
    folds = (0..<foldCount).map { fold in
      Levels { level in
        let places = cases.folds(level).indices.filter { cases.folds(level)[$0] == fold }
        return LevelMetrics(cases[level].picked(places), threshold: thresholds[level].thresholds[fold])
      }
    }
  }
}
