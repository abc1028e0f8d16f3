public import Evaluation
public import Experiment
public import Study

/// The three levels that a result is stated at.
public enum Level: String, Codable, CaseIterable, Sendable {
  /// One ROI.
  case slice
  /// One tumour.
  case lesion
  /// One person.
  case patient

  /// From the one that matters down.
  static let downward = [Level.patient, .lesion, .slice]

  /// The levels that a result has where examples are of a kind, from the one that matters down.
  static func of(_ examples: StudyProtocol.ExampleKind) -> [Level] {
    switch examples {
    case .slice: downward
    case .bag, .volume, .lesionFeatures: [.patient, .lesion]
    case .patientFeatures: [.patient]
    }
  }

  var plural: String { rawValue + "s" }
}

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
  /// What the report tells besides; nil where only the result was asked for.
  public internal(set) var analysis: RunAnalysis?

  /// Computes the result of a run's predictions.
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

  /// The patient-level result in a sentence, for a terminal.
  public var headline: String {
    let patient = pooled.patient
    let text = Metric.headline.map { "\($0.name) \(Format.text(patient[$0]))" }
    return "Patient level, \(patient.n) patients (\(patient.positives) high grade): \(text.joined(separator: ", "))."
      + (patient.note.map { " \($0)" } ?? "")
  }
}
