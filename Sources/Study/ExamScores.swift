/// What the networks of a run say of one exam, slice by slice.
public struct ExamScores: Equatable, Sendable {
  /// One slice of a lesion.
  public struct Slice: Equatable, Sendable {
    /// The lesion: its label in the contours.
    public var lesion: String
    /// The slice's SOP instance UID, followed by `#` and the frame where that is not the first (frame 0).
    public var slice: String
    /// The slice's number in its series, from 1 at the end where the position along the normal is least.
    public var number: Int
    /// The probability of `GradeClass.high` by each network, in 0...1, in the order of `ExamScores.folds`.
    public var probabilities: [Double]

    /// Makes a slice from its parts.
    public init(lesion: String, slice: String, number: Int, probabilities: [Double]) {
      self.lesion = lesion
      self.slice = slice
      self.number = number
      self.probabilities = probabilities
    }
  }

  /// The folds whose networks were asked, from 0.
  public var folds: [Int]
  /// The slices, lesion by lesion.
  public var slices: [Slice]
  /// Sentences on what a reader must know: what was left out, what the networks have seen.
  public var notes: [String]

  /// Makes scores from their parts.
  public init(folds: [Int], slices: [Slice], notes: [String]) {
    self.folds = folds
    self.slices = slices
    self.notes = notes
  }
}
