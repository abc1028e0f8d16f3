import Foundation
import Study

/// What the choice of a batch size costs: chosen by inner folds, against the best of a sweep.
struct NestedSection: RunSection {
  let id = "nested"
  let title = "Choice of the batch size"

  func answers(_ content: RunContent) -> Bool { content.nested != nil }

  func html(_ content: RunContent, figures: URL) -> [HTML] {
    guard let nested = content.nested else {
      return [
        .p(
          "This run's batch size is that of its protocol. Where it was taken from the best of a sweep on the same folds, the result flatters: `renalgrade nested STUDY` chooses it for each fold without the fold's patients."
        )
      ]
    }
    let sizes = Set(nested.choices.flatMap(\.inner).map(\.batchSize)).sorted()
    let rows = nested.choices.map { choice -> [HTML] in
      let inner = Dictionary(choice.inner.map { ($0.batchSize, $0.auc) }, uniquingKeysWith: { first, _ in first })
      return ["Fold \(choice.fold + 1)", "\(choice.batchSize)"]
        + sizes.map { HTML(text: Format.number(inner[$0] ?? nil, decimals: 3)) }
    }
    let table = HTMLTable(
      caption: "Batch size chosen for each fold, and the \(nested.criterion) of each size in its inner folds",
      columns: ["Fold", "Chosen"] + sizes.map { "Batch \($0)" }, rows: rows)
    let way =
      "For each fold the batch size was chosen by the \(nested.criterion) of a \(nested.innerFolds)-fold cross-validation among "
      + "the other folds' patients, and the network trained with it: no patient took part in the choice of the size that "
      + "predicts the patient."
    return [.p(HTML(text: way))] + (rows.isEmpty ? [.p("No choice is recorded.")] : [table.html])
      + [.p(HTML(text: Self.optimism(nested)))]
  }

  private static func optimism(_ nested: Run.NestedChoice) -> String {
    guard let auc = nested.auc else {
      return "The nested \(nested.criterion) is undefined: one class only was predicted."
    }
    let start = "The nested \(nested.criterion) is \(Format.number(auc, decimals: 3))."
    guard let best = nested.sweepBest, let highest = best.auc else {
      return "\(start) There is no sweep on the same folds to hold it against."
    }
    let difference = highest - auc
    let verdict =
      difference > 0
      ? "it flatters by \(Format.number(difference, decimals: 3))." : "here it does not flatter; on other data it may."
    return "\(start) The best of the sweep on the same folds, batch size \(best.batchSize), has "
      + "\(Format.number(highest, decimals: 3)): \(verdict)"
  }
}
