import Evaluation
public import Experiment
public import Study

/// From which probability on a new exam counts as high grade: what the run's rule takes from all of its out-of-fold predictions.
///
/// The run's own results are decided fold by fold, at thresholds from the other folds; a new exam is in none, so all
/// predictions are used.
public struct ExamThresholds: Encodable, Equatable, Sendable {
  /// For a slice, a lesion, the patient.
  public let slice, lesion, patient: Double
  /// The rule.
  public let rule: StudyProtocol.Evaluation.ThresholdRule
  /// The sensitivity that `fixedSensitivity` is to reach.
  public let targetSensitivity: Double
  /// Whether the rule has found the patient's threshold; false where the protocol's is used.
  public let isChosen: Bool

  /// Chooses from the run's predictions; the protocol's threshold is used where they contain only one class.
  public init(_ predictions: [Prediction], _ evaluation: StudyProtocol.Evaluation) {
    let cases = LevelCases(predictions, evaluation)
    func chosen(_ level: Level) -> Double? { try? evaluation.choice.threshold(for: cases[level].finite) }
    let found = chosen(.patient)
    slice = chosen(.slice) ?? evaluation.threshold
    lesion = chosen(.lesion) ?? evaluation.threshold
    patient = found ?? evaluation.threshold
    rule = evaluation.thresholdRule ?? .fixed
    targetSensitivity = evaluation.targetSensitivity ?? StudyProtocol.Evaluation.usualSensitivity
    isChosen = found != nil
  }

  private enum CodingKeys: CodingKey { case slice, lesion, patient, rule }
}
