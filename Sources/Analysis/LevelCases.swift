public import Evaluation
public import Experiment
public import Study

/// How a threshold is chosen from cases; `StudyProtocol.Evaluation.ThresholdRule` is what the protocol calls it.
typealias DecisionRule = ThresholdRule

/// A run's predictions as labelled and scored cases at each level.
public struct LevelCases {
  /// One case a slice; the clusters of all levels are the patients' codes.
  public let slice: Cases
  /// One case a lesion.
  public let lesion: Cases
  /// One case a patient.
  public let patient: Cases
  private let foldsOfLevel: [Level: [Int]]

  /// A lesion's or patient's score is the aggregate of all its slices'.
  public init(_ predictions: [Prediction], _ evaluation: StudyProtocol.Evaluation) {
    let combine = evaluation.combine
    let patients = predictions.map(\.patient)
    slice = Cases(
      labels: predictions.map { $0.label == .high }, scores: predictions.map(\.probability), clusters: patients)
    // A unit separator cannot occur in a code or a name.
    lesion = slice.grouped(by: predictions.map { "\($0.patient)\u{1F}\($0.lesion)" }, combine)
    patient = slice.grouped(by: patients, combine)
    let foldOf = Dictionary(predictions.map { ($0.patient, $0.fold) }) { first, _ in first }
    func folds(_ cases: Cases) -> [Int] { cases.clusters.map { foldOf[$0] ?? -1 } }
    foldsOfLevel = [.slice: folds(slice), .lesion: folds(lesion), .patient: folds(patient)]
  }

  /// The cases at `level`.
  public subscript(level: Level) -> Cases {
    switch level {
    case .slice: slice
    case .lesion: lesion
    case .patient: patient
    }
  }

  /// The fold of each case: the first one, where a split has not kept the patient whole.
  func folds(_ level: Level) -> [Int] { foldsOfLevel[level] ?? [] }

  /// What folds are to fit on one another's cases.
  func fitting(_ level: Level, foldCount: Int) -> CrossFitting {
    CrossFitting(cases: self[level], folds: folds(level), count: foldCount)
  }
}

extension StudyProtocol.Evaluation {
  /// The function that makes one probability of several.
  public var combine: ([Double]) -> Double {
    switch aggregation {
    case .mean: Aggregate.mean
    case .maximum: Aggregate.maximum
    case .noisyOr: Aggregate.noisyOr
    case .topK: Aggregate.top(topK ?? 1)
    }
  }

  /// The rule as it chooses from cases.
  var choice: DecisionRule { choice(thresholdRule ?? .fixed) }

  /// One of the rules, with the protocol's numbers or, where it has none, the usual ones.
  func choice(_ rule: ThresholdRule) -> DecisionRule {
    switch rule {
    case .fixed: .fixed(threshold)
    case .youden: .youden
    case .fixedSensitivity: .sensitivity(atLeast: targetSensitivity ?? Self.usualSensitivity)
    }
  }

  /// The sensitivity that is looked at where the protocol asks for none.
  public static let usualSensitivity = 0.9
}
