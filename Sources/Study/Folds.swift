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
      // Dealing goes on where the class before ended, so that the folds differ by one patient at most.
      for code in codes.shuffled(using: &generator) {
        heldOut[next % count].append(code)
        next += 1
      }
    }
    self.heldOut = heldOut.map { $0.sorted() }
  }

  /// The fold that holds the patient out, from 0.
  public func fold(of patient: String) -> Int? { heldOut.firstIndex { $0.contains(patient) } }
}

/// What identifies one ROI's origin; two ROIs that share any of it must not stand on both sides of a split.
public struct Provenance: Equatable, Sendable {
  /// The patient's code.
  public var patient: String
  /// The exam's DICOM UID.
  public var exam: String
  /// The slice's DICOM UID and frame.
  public var slice: String
  /// The hash of the slice's pixels: `CTImage.pixelHash`.
  public var pixelHash: String

  /// Makes a provenance from its parts.
  public init(patient: String, exam: String, slice: String, pixelHash: String) {
    self.patient = patient
    self.exam = exam
    self.slice = slice
    self.pixelHash = pixelHash
  }

  /// Throws where training and held-out ROIs share a patient, an exam, a slice or the very same pixels.
  ///
  /// - Throws: `StudyError` of kind `.folds` that names what is shared.
  public static func requireDisjoint(
    training: [Provenance], heldOut: [Provenance], fold: Int
  ) throws(StudyError) {
    let parts: [(name: String, value: @Sendable (Provenance) -> String)] = [
      ("patient", { $0.patient }), ("exam", { $0.exam }), ("SOP instance", { String($0.slice.prefix { $0 != "#" }) }),
      ("pixel hash", { $0.pixelHash }),
    ]
    for part in parts {
      let seen = Dictionary(training.map { (part.value($0), $0.patient) }) { first, _ in first }
      for item in heldOut {
        guard let other = seen[part.value(item)] else { continue }
        throw StudyError(
          .folds,
          "fold \(fold) leaks: its held-out patient \(item.patient) shares a \(part.name) with the training patient "
            + "\(other) (\(part.value(item))). Remove the duplicate from the cohort; nothing was trained.")
      }
    }
  }
}
