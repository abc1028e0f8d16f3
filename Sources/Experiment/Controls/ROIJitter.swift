import ROI
import Study

/// The boxes are moved: what depends on where exactly they lie.
struct ROIJitter: NegativeControl {
  let name = "roiJitter"

  /// How far boxes are moved at most, in pixels: an eighth of the box.
  private func reach(_ validation: CrossValidation) -> Int { max(1, validation.settings.roi.boxSize / 8) }

  func title(in validation: CrossValidation) -> String { "ROI jitter of up to \(reach(validation)) pixels" }

  func meaning(in validation: CrossValidation) -> String {
    "Each box is moved by up to \(reach(validation)) pixels in rows and in columns, drawn uniformly for each slice (seed "
      + "\(validation.settings.seed)), in training and in prediction. A result that changes with this depends on "
      + "the exact position of the boxes, which the contours determine."
  }

  func obstacle(to kind: StudyProtocol.ExampleKind) -> String? {
    kind.hasSlices ? nil : "ROI jitter is not applicable: the model uses no ROIs."
  }

  func change(_ validation: inout CrossValidation) throws {
    guard let rois = validation.examples.rois else { return }
    validation.examples = validation.examples.with(
      try rois.shifted(upTo: reach(validation), seed: validation.settings.seed, in: validation.study))
  }
}
