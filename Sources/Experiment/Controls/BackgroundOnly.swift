import ROI
import Study

/// The tumours are blanked, each by the same disc: what the rest of the picture tells.
struct BackgroundOnly: NegativeControl {
  let name = "backgroundOnly"

  func title(in validation: CrossValidation) -> String { "Background only" }

  func meaning(in validation: CrossValidation) -> String {
    "In every box, the same central disc, which covers the largest tumour and \(ROISet.blankingMargin) pixels "
      + "around it, has one value, in training and in prediction: \(visibleShare(validation)) of the box stays visible, but "
      + "neither the tumour nor its silhouette. An AUC above 0.5 comes from the surroundings."
  }

  /// How much of the box lies outside of the disc that hides every tumour, in words.
  private func visibleShare(_ validation: CrossValidation) -> String {
    guard let disc = try? validation.examples.rois?.tumourDisc() else { return "an unknown part" }
    let share = Double(disc.values.count { !$0 }) / Double(max(1, disc.values.count))
    return "\(Int((100 * share).rounded()))%"
  }

  func obstacle(to kind: StudyProtocol.ExampleKind) -> String? {
    kind.hasSlices ? nil : "Background only is not applicable: the model uses no ROIs."
  }

  func change(_ validation: inout CrossValidation) throws {
    guard let rois = validation.examples.rois else { return }
    validation.examples = validation.examples.with(try rois.withoutTumours(in: validation.study))
  }
}
