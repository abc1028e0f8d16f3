import Analysis
import Evaluation
import Foundation
import Experiment
import Study

/// How probabilities became results.
struct MethodsSection: RunSection {
  let id = "methods"
  let title = "How the numbers were made"

  func html(_ content: RunContent, figures: URL) -> [HTML] {
    let evaluation = content.settings.evaluation
    return [
      Methods.list(
        [
          (
            "Levels",
            (content.levels.count > 1
              ? "A lesion's or patient's probability is \(evaluation.aggregationWords). "
              : "Each patient has one probability. ")
              + "A patient is high grade where any of the lesions is."
              + (content.hasSlices
                ? " Results at slice level describe images, not people: a patient with many slices is counted many times."
                : "")
          ),
          ("Threshold", ThresholdsSection.sentence(evaluation, protocolIsUnchanged: content.protocolIsUnchanged)),
        ] + Methods.intervals)
    ]
  }
}
