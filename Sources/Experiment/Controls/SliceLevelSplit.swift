import Study

/// Slices instead of patients are assigned to the folds, to show what a split that leaks would have reported.
struct SliceLevelSplit: NegativeControl {
  let name = "sliceLevelSplit"

  func title(in validation: CrossValidation) -> String { "Slice-level split (leaks on purpose)" }

  func meaning(in validation: CrossValidation) -> String {
    "THE SPLIT LEAKS: slices rather than patients are assigned to the folds (seed \(validation.settings.folds.seed)), so that "
      + "\(validation.split.sharedPatients(validation.examples).count) of \(validation.examples.patients.count) patients train the "
      + "network that predicts them. It shows what a study with such a split would have reported, and is not an estimate of performance."
  }

  func obstacle(to kind: StudyProtocol.ExampleKind) -> String? {
    kind == .slice
      ? nil
      : "A slice-level split is not applicable: an example is a whole lesion or patient, so no two examples are slices of the same "
        + "one."
  }

  func change(_ validation: inout CrossValidation) {
    // The one place where a leak is wanted: the disjointness of the parts is not asked for.
    validation.split = Split(
      leaking: validation.examples.classes, count: validation.split.count, seed: validation.settings.folds.seed)
  }
}
