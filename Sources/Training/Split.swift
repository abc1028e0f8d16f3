import ROI
import Study
import Support

/// Which fold holds each ROI out.
struct Split: Sendable {
  /// How many folds there are.
  let count: Int
  /// By ROI: the fold that predicts it, from 0; nil where it takes no part.
  let folds: [Int?]

  /// Whole patients, as it must be; the ROIs of patients that are in no fold take no part.
  init(_ rois: ROISet, by folds: Folds) {
    let places = folds.heldOut.enumerated().flatMap { fold, patients in patients.map { ($0, fold) } }
    let fold = Dictionary(places) { first, _ in first }
    count = folds.heldOut.count
    self.folds = rois.entries.map { fold[$0.patient] }
  }

  /// Each slice for itself, both classes in equal shares: a patient's slices come to lie on both sides.
  ///
  /// That is a leak, and what the control `NegativeControl.sliceLevelSplit` is for.
  init(slices classes: [GradeClass], count: Int, seed: UInt64) {
    // A stream of its own: patients are dealt from stream 0.
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

  /// The ROIs that train a fold's network.
  func training(_ fold: Int) -> [Int] { folds.indices.filter { folds[$0].map { $0 != fold } ?? false } }

  /// The ROIs that a fold holds out.
  func heldOut(_ fold: Int) -> [Int] { folds.indices.filter { folds[$0] == fold } }

  /// The patients with ROIs in more than one fold: none in a split that is sound.
  func sharedPatients(_ rois: ROISet) -> Set<String> {
    var first: [String: Int] = [:]
    return Set(
      zip(rois.entries, folds).compactMap { entry, fold in
        guard let fold else { return nil }
        if let other = first[entry.patient] { return other == fold ? nil : entry.patient }
        first[entry.patient] = fold
        return nil
      })
  }

  /// - Throws: `StudyError` of kind `.folds` where a training and a held-out part share a patient, an exam, a slice or an image.
  func requireDisjoint(_ rois: ROISet) throws(StudyError) {
    for fold in 0..<count {
      try Provenance.requireDisjoint(
        training: training(fold).map { rois.entries[$0].provenance },
        heldOut: heldOut(fold).map { rois.entries[$0].provenance }, fold: fold + 1)
    }
  }
}
