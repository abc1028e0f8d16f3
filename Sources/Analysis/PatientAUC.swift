import Evaluation
public import Experiment
public import Study

/// What a choice among settings goes by: the AUC of the patients, without an interval.
public enum PatientAUC {
  /// The criterion in words.
  public static let name = "patient-level AUC"

  /// The AUC of the patients' aggregated probabilities; nil where one class only is there.
  public static func value(_ predictions: [Prediction], _ evaluation: StudyProtocol.Evaluation) -> Double? {
    ROCCurve(LevelCases(predictions, evaluation).patient.finite)?.auc
  }
}
