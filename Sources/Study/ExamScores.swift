/// What the models of a run say of one exam, example by example.
public struct ExamScores: Equatable, Sendable {
  /// A slice, a lesion, or the patient.
  public struct Example: Equatable, Sendable {
    /// The lesion: its label in the contours; empty where the example is the patient.
    public var lesion: String
    /// The slice's SOP instance UID, followed by `#` and the frame where that is not the first (frame 0); empty where the example is
    /// not a slice.
    public var slice: String
    /// The slice's number in its series, from 1 at the end where the position along the normal is least; nil where the example is not
    /// a slice.
    public var number: Int?
    /// The probability of `GradeClass.high` by each model, in 0...1, in the order of `ExamScores.folds`.
    public var probabilities: [Double]

    /// Makes an example from its parts.
    public init(lesion: String, slice: String = "", number: Int? = nil, probabilities: [Double]) {
      self.lesion = lesion
      self.slice = slice
      self.number = number
      self.probabilities = probabilities
    }
  }

  /// What one example is.
  public var unit: StudyProtocol.ExampleKind
  /// The folds whose models were used, from 0.
  public var folds: [Int]
  /// The examples, lesion by lesion.
  public var examples: [Example]
  /// Sentences on what a reader must know: what was left out, what the models have seen.
  public var notes: [String]

  /// Makes scores from their parts.
  public init(unit: StudyProtocol.ExampleKind, folds: [Int], examples: [Example], notes: [String]) {
    self.unit = unit
    self.folds = folds
    self.examples = examples
    self.notes = notes
  }
}
