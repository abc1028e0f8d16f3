/// The classes are assigned to the patients at random: there is nothing to learn.
struct ShuffledLabels: NegativeControl {
  let name = "shuffledLabels"

  func title(in validation: CrossValidation) -> String { "Shuffled labels" }

  func meaning(in validation: CrossValidation) -> String {
    "The classes are assigned to the patients at random (seed \(validation.settings.seed)); folds, images and "
      + "training are the run's own. There is nothing to learn: the AUC must be compatible with chance."
  }

  func change(_ validation: inout CrossValidation) {
    validation.examples = validation.examples.shuffled(by: validation.settings.seed)
  }
}
