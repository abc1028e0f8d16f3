public import Evaluation
public import Study

/// The three levels that a result is stated at.
public enum Level: String, CaseIterable, Sendable {
  /// One ROI.
  case slice
  /// One tumour.
  case lesion
  /// One person.
  case patient

  /// From the one that matters down.
  static let downward = [Level.patient, .lesion, .slice]

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

    init(_ cases: LevelCases, threshold: Double) {
      slice = LevelMetrics(cases.slice, threshold: threshold)
      lesion = LevelMetrics(cases.lesion, threshold: threshold)
      patient = LevelMetrics(cases.patient, threshold: threshold)
    }
  }

  /// All folds' predictions taken together.
  public let pooled: Levels
  /// The folds in order; one without predictions has no cases.
  public let folds: [Levels]

  /// Computes the result of a run's predictions.
  public init(predictions: [Prediction], evaluation: StudyProtocol.Evaluation, foldCount: Int) {
    func levels(_ predictions: [Prediction]) -> Levels {
      Levels(LevelCases(predictions, evaluation.aggregation), threshold: evaluation.threshold)
    }
    pooled = levels(predictions)
    folds = (0..<foldCount).map { fold in levels(predictions.filter { $0.fold == fold }) }
  }

  /// The patient-level result in a sentence, for a terminal.
  public var headline: String {
    let patient = pooled.patient
    let text = Metric.headline.map { "\($0.name) \(Format.text(patient[$0]))" }
    return "Patient level, \(patient.n) patients (\(patient.positives) high grade): \(text.joined(separator: ", "))."
      + (patient.note.map { " \($0)" } ?? "")
  }
}

/// A run's predictions as labelled and scored cases at each level.
struct LevelCases {
  let slice: Cases
  let lesion: Cases
  let patient: Cases

  /// A lesion's or patient's score is the aggregate of all its slices'.
  init(_ predictions: [Prediction], _ aggregation: StudyProtocol.Evaluation.Aggregation) {
    let combine = aggregation.combine
    let patients = predictions.map(\.patient)
    slice = Cases(
      labels: predictions.map { $0.label == .high }, scores: predictions.map(\.probability), clusters: patients)
    // A unit separator cannot stand in a code or a name.
    lesion = slice.grouped(by: predictions.map { "\($0.patient)\u{1F}\($0.lesion)" }, combine)
    patient = slice.grouped(by: patients, combine)
  }

  subscript(level: Level) -> Cases {
    switch level {
    case .slice: slice
    case .lesion: lesion
    case .patient: patient
    }
  }
}

extension StudyProtocol.Evaluation.Aggregation {
  /// The function that makes one probability of several.
  var combine: ([Double]) -> Double {
    switch self {
    case .mean: Aggregate.mean
    case .maximum: Aggregate.maximum
    case .noisyOr: Aggregate.noisyOr
    }
  }
}
