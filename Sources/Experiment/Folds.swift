public import Study
public import Support

/// The split of a study's patients into folds: each patient is held out in exactly one.
public struct Folds: Codable, Equatable, Sendable {
  /// The codes of the patients held out in each fold, sorted.
  public let heldOut: [[String]]

  /// Splits patients so that each fold has its share of both classes.
  ///
  /// - Parameters:
  ///   - patients: every patient's code and class (high where any lesion is).
  ///   - count: the number of folds, 2 or more.
  ///   - seed: the same seed gives the same folds.
  /// - Throws: `StudyError` of kind `.folds` where a class has fewer patients than there are folds.
  public init(patients: [String: GradeClass], count: Int, seed: UInt64) throws(StudyError) {
    var generator = DeterministicGenerator(seed: seed)
    var heldOut = [[String]](repeating: [], count: count)
    var next = 0
    for gradeClass in GradeClass.allCases {
      let codes = patients.filter { $0.value == gradeClass }.keys.sorted()
      guard codes.count >= count else {
        throw StudyError(
          .folds,
          "\(count) folds need at least \(count) patients of each class, but \(codes.count) are "
            + "\(gradeClass.rawValue) grade; lower folds.count in the protocol, or add patients")
      }
      // Assignment continues where the previous class ended, so the folds differ by one patient at most.
      for code in codes.shuffled(using: &generator) {
        heldOut[next % count].append(code)
        next += 1
      }
    }
    self.heldOut = heldOut.map { $0.sorted() }
  }

  private init(heldOut: [[String]]) { self.heldOut = heldOut }

  /// The same folds with some of their patients.
  ///
  /// - Parameter patients: those to keep, with their classes; who is in no fold takes no part.
  /// - Returns: as many folds, each with those of its patients.
  /// - Throws: `StudyError` of kind `.folds` where a fold would hold nobody out, or learn from one class alone.
  func keeping(_ patients: [String: GradeClass]) throws(StudyError) -> Folds {
    let kept = Folds(heldOut: heldOut.map { $0.filter { patients[$0] != nil } })
    for (fold, heldOut) in kept.heldOut.enumerated() {
      let training = kept.heldOut.enumerated().filter { $0.offset != fold }.flatMap(\.element)
      guard !heldOut.isEmpty, Set(training.map { patients[$0] }).count == GradeClass.allCases.count else {
        throw StudyError(
          .folds,
          "of \(self.heldOut.joined().count) patients in the study's folds, \(kept.heldOut.joined().count) have examples, too few: fold "
            + "\(fold + 1) holds out \(heldOut.count), and its training part must have both classes")
      }
    }
    return kept
  }

  /// The fold that holds the patient out, from 0.
  public func fold(of patient: String) -> Int? { heldOut.firstIndex { $0.contains(patient) } }
}
