import ROI
import Study

/// An experiment with something wrong on purpose: what it finds, a result must be held against.
public enum NegativeControl: String, CaseIterable, Sendable {
  /// The classes are dealt to the patients at random: there is nothing to be found.
  case shuffledLabels
  /// Slices instead of patients are dealt to the folds: what a split that leaks would have printed.
  case sliceLevelSplit
  /// The tumours are blanked, each by the same disc: what the rest of the picture tells.
  case backgroundOnly
  /// The boxes are moved: what depends on where exactly they lie.
  case roiJitter

  /// The name for a reader.
  func title(in validation: CrossValidation) -> String {
    switch self {
    case .shuffledLabels: "Shuffled labels"
    case .sliceLevelSplit: "Slice-level split (leaks on purpose)"
    case .backgroundOnly: "Background only"
    case .roiJitter: "ROI jitter of up to \(validation.jitter) pixels"
    }
  }

  /// What was done and how the result is to be read.
  func meaning(in validation: CrossValidation) -> String {
    switch self {
    case .shuffledLabels:
      "The classes are dealt to the patients at random (seed \(validation.settings.training.seed)); folds, images and "
        + "training are the run's own. There is nothing to be found: the AUC must not differ from 0.5."
    case .sliceLevelSplit:
      "THE SPLIT LEAKS: slices instead of patients are dealt to the folds (seed \(validation.settings.folds.seed)), so that "
        + "\(validation.split.sharedPatients(validation.rois).count) of \(validation.labels.patients.count) patients train the "
        + "network that predicts them. It shows what such a study would have printed here, and estimates nothing."
    case .backgroundOnly:
      "In every box the same disc about its centre, large enough for the largest tumour and \(ROISet.blankingMargin) pixels "
        + "around it, has one value, in training and in prediction: \(validation.visibleShare) of the box stays visible, and "
        + "neither tumour nor silhouette. An AUC above 0.5 comes from the surroundings."
    case .roiJitter:
      "Each box is moved by up to \(validation.jitter) pixels in rows and in columns, drawn evenly for each slice (seed "
        + "\(validation.settings.training.seed)), in training and in prediction. A result that does not stand this depends on "
        + "where exactly the boxes lie, which the contours decide."
    }
  }
}

extension CrossValidation {
  /// How much of the box lies outside of the disc that hides every tumour, in words.
  fileprivate var visibleShare: String {
    guard let disc = try? rois.tumourDisc() else { return "an unknown part" }
    let share = Double(disc.values.count { !$0 }) / Double(max(1, disc.values.count))
    return "\(Int((100 * share).rounded()))%"
  }

  /// How far boxes are moved at most, in pixels: an eighth of the box.
  var jitter: Int { max(1, settings.roi.boxSize / 8) }

  /// The same experiment in the same folds, as a negative control.
  func with(_ control: NegativeControl) throws -> CrossValidation {
    var changed = self
    changed.control = control
    switch control {
    case .shuffledLabels:
      changed.labels = Labels(rois, shuffledBy: settings.training.seed)
    case .sliceLevelSplit:
      // The one place where a leak is wanted: the disjointness of the parts is not asked for.
      changed.split = Split(slices: labels.classes, count: split.count, seed: settings.folds.seed)
    case .backgroundOnly:
      changed.rois = try rois.withoutTumours(in: study)
    case .roiJitter:
      changed.rois = try rois.shifted(upTo: jitter, seed: settings.training.seed, in: study)
    }
    return changed
  }
}
