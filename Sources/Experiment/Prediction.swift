public import Study

/// What a run said of one slice: the out-of-fold probability that its lesion is high grade.
public struct Prediction: Codable, Equatable, Sendable {
  /// The patient's code in the study.
  public var patient: String
  /// The lesion's name, unique within its patient.
  public var lesion: String
  /// The slice's SOP instance UID, followed by `#` and the frame where that is not the first (frame 0).
  public var slice: String
  /// The fold that held the patient out, from 0.
  public var fold: Int
  /// The truth.
  public var label: GradeClass
  /// The predicted probability of `GradeClass.high`, in 0...1.
  public var probability: Double

  /// Makes a prediction from its parts.
  public init(patient: String, lesion: String, slice: String, fold: Int, label: GradeClass, probability: Double) {
    self.patient = patient
    self.lesion = lesion
    self.slice = slice
    self.fold = fold
    self.label = label
    self.probability = probability
  }
}
