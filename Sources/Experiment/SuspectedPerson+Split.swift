import Study

extension SuspectedPerson {
  /// A sentence for the run's report where the patients stand on both sides of a split; nil where they do not.
  func note(on split: Split, _ examples: ExampleSet) -> String? {
    var folds: [String: Set<Int>] = [:]
    for (example, fold) in zip(examples.examples, split.folds) where codes.contains(example.patient) {
      if let fold { folds[example.patient, default: []].insert(fold) }
    }
    guard folds.count > 1, Set(folds.values).count > 1 else { return nil }
    let names = folds.keys.sorted()
    let common =
      switch evidence {
      case .patientID: "their PatientIDs differ only in how they are written"
      case .frameOfReference: "their images share a frame of reference"
      }
    return
      "Patients \(names.joined(separator: ", ")) may be one person (\(common)), but are in different folds: if they "
      + "are, the run learnt from a patient whom it was tested on. Give them one PatientID and import them into a new study."
  }
}
