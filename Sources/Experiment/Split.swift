import Study
import Support

/// Which fold holds each example out.
struct Split: Sendable {
  /// How many folds there are.
  let count: Int
  /// By example: the fold that predicts it, from 0; nil where it takes no part.
  let folds: [Int?]

  /// Whole patients, as it must be; the examples of patients that are in no fold take no part.
  init(_ examples: ExampleSet, by folds: Folds) {
    let places = folds.heldOut.enumerated().flatMap { fold, patients in patients.map { ($0, fold) } }
    let fold = Dictionary(places) { first, _ in first }
    count = folds.heldOut.count
    self.folds = examples.examples.map { fold[$0.patient] }
  }

  /// Each example for itself, both classes in equal shares: a patient's slices come to lie on both sides.
  ///
  /// That is a leak, and what the control `SliceLevelSplit` is for.
  init(leaking classes: [GradeClass], count: Int, seed: UInt64) {
    // A stream of its own: patients are assigned from stream 0.
    var generator = DeterministicGenerator(seed: seed, stream: 1 << 63 | 2)
    var folds = [Int?](repeating: nil, count: classes.count)
    var next = 0
    for gradeClass in GradeClass.allCases {
      for index in classes.indices.filter({ classes[$0] == gradeClass }).shuffled(using: &generator) {
        folds[index] = next % count
        next += 1
      }
    }
    self.count = count
    self.folds = folds
  }

  /// The examples that train a fold's model.
  func training(_ fold: Int) -> [Int] { folds.indices.filter { folds[$0].map { $0 != fold } ?? false } }

  /// The examples that a fold holds out.
  func heldOut(_ fold: Int) -> [Int] { folds.indices.filter { folds[$0] == fold } }

  /// The patients with examples in more than one fold: none in a split that is sound.
  func sharedPatients(_ examples: ExampleSet) -> Set<String> {
    var first: [String: Int] = [:]
    return Set(
      zip(examples.examples, folds).compactMap { example, fold in
        guard let fold else { return nil }
        if let other = first[example.patient] { return other == fold ? nil : example.patient }
        first[example.patient] = fold
        return nil
      })
  }

  /// - Throws: `StudyError` of kind `.folds` where a training and a held-out part share a patient, an exam, a slice or an image.
  func requireDisjoint(_ examples: ExampleSet) throws(StudyError) {
    for fold in 0..<count {
      try Provenance.requireDisjoint(
        training: training(fold).flatMap { examples.examples[$0].provenance },
        heldOut: heldOut(fold).flatMap { examples.examples[$0].provenance }, fold: fold + 1)
    }
  }
}
