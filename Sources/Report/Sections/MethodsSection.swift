import Evaluation
import Foundation
import Study

/// How probabilities became results.
struct MethodsSection: RunSection {
  let id = "methods"
  let title = "How the numbers were made"

  func html(_ content: RunContent, figures: URL) -> [HTML] {
    let evaluation = content.settings.evaluation
    let aggregate =
      switch evaluation.aggregation {
      case .mean: "the mean of its slices'"
      case .maximum: "that of its highest slice"
      case .noisyOr: "one minus the product of its slices' complements"
      }
    let threshold = Format.number(evaluation.threshold)
    return [
      Methods.list(
        [
          (
            "Levels",
            "A lesion's or patient's probability is \(aggregate). A patient is high grade where any of the lesions is. Results "
              + "at slice level describe images, not people: a patient with many slices counts many times."
          ),
          (
            "Threshold",
            "A case is called high grade from a probability of \(threshold), fixed in the protocol before the run."
          ),
        ] + Methods.intervals)
    ]
  }
}
