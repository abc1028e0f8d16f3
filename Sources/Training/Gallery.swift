import Experiment
import Study

/// Which slices of a run are shown: the most confident correct, the most confident wrong and the least certain.
struct Gallery {
  /// The predictions to show by their number, group by group, the most telling first.
  let choices: [(group: Run.Explanations.Example.Group, index: Int)]

  /// Chooses at most `count` slices of each group, and of each patient at most one in a group: many slices of one tumour tell
  /// no more than one.
  ///
  /// How sure a prediction is, is how far its probability lies from the threshold of its fold, from which a slice is called high
  /// grade.
  init(_ predictions: [Prediction], count: Int, threshold: (_ fold: Int) -> Double) {
    let margins = predictions.map { $0.probability - threshold($0.fold) }
    let sureness = margins.map(abs)
    let surestFirst = predictions.indices.filter { sureness[$0].isFinite }.sorted {
      (sureness[$1], $0) < (sureness[$0], $1)
    }
    func isRight(_ index: Int) -> Bool { (margins[index] >= 0) == (predictions[index].label == .high) }
    func first(_ indices: [Int]) -> [Int] {
      var shown: Set<String> = []
      return Array(indices.filter { shown.insert(predictions[$0].patient).inserted }.prefix(count))
    }
    choices = Run.Explanations.Example.Group.allCases.flatMap { group in
      let indices =
        switch group {
        case .surestRight: first(surestFirst.filter(isRight))
        case .surestWrong: first(surestFirst.filter { !isRight($0) })
        case .leastSure: first(surestFirst.reversed())
        }
      return indices.map { (group, $0) }
    }
  }
}
