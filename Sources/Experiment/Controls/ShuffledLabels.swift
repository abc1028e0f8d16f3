/// The classes are permuted at random among the patients: there is nothing to be found.
struct ShuffledLabels: NegativeControl {
  let name = "shuffledLabels"

  func title(in validation: CrossValidation) -> String { "Shuffled labels" }

  func meaning(in validation: CrossValidation) -> String {
    "The classes are permuted at random among the patients (seed \(validation.settings.seed)); folds, images and "
      + "training are the run's own. There is no signal to find: the AUC should be near 0.5."
  }

  func change(_ validation: inout CrossValidation) {
    validation.examples = validation.examples.shuffled(by: validation.settings.seed)
  }
}
