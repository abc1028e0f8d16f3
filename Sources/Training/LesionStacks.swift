import Experiment
import ROI
import Study
import Support

/// The stacks that a network of volumes sees of some examples: one for each group of slices, by number.
struct LesionStacks: Sendable {
  /// The stacks, which are numbered by their places here.
  let stacks: [SliceStack]
  /// How many planes each has.
  let planeCount: Int
  private let numbers: [[Int]: Int]

  /// The stacks of all groups of some examples, whose slices are `entries`.
  init(_ groups: [[Int]], of entries: [ROISet.Entry], _ sampling: SliceStack.Sampling) {
    var numbers: [[Int]: Int] = [:]
    var stacks: [SliceStack] = []
    for group in groups where numbers[group] == nil {
      numbers[group] = stacks.count
      stacks.append(SliceStack(group, of: entries, sampling))
    }
    (self.stacks, self.numbers, planeCount) = (stacks, numbers, sampling.planes)
  }

  /// The number of the stack of a group of slices.
  ///
  /// - Throws: `TrainingError` where it is none of these examples'.
  func number(of group: [Int]) throws(TrainingError) -> Int {
    guard let number = numbers[group] else {
      throw TrainingError("a lesion's slices are none of those that volumes were made of; the examples have changed")
    }
    return number
  }

  /// Sentences on what a reader of the results should know.
  func notes(_ sampling: SliceStack.Sampling) -> [String] {
    let (cut, unknown) = (stacks.count(where: \.isCutOff), stacks.count(where: \.hasUnknownPlaces))
    var notes: [String] = []
    if cut > 0 {
      notes.append(
        "\(cut) of \(stacks.count) volumes are longer than \(sampling.planes) planes at \(sampling.spacing) mm: the ends of the lesion are "
          + "not seen. Raise model.settings.planes or model.settings.spacing to see all of it.")
    }
    if unknown > 0 {
      notes.append(
        "In \(unknown) of \(stacks.count) volumes the place of a slice is not known, because its file does not state it or the ROIs were "
          + "made by an earlier version: their outlined slices were taken as planes \(sampling.spacing) mm apart. Where "
          + "the files state it, `renalgrade rois build` finds it.")
    }
    return notes
  }
}
