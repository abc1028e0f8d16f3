import Analysis
import Foundation
public import Experiment
import Study

/// What a choice costs: made by inner folds, against the best of all that was tried.
struct NestedSection: RunSection {
  let id = "nested"
  let title = "Choice among ways to train"

  func answers(_ content: RunContent) -> Bool { content.nested != nil }

  func html(_ content: RunContent, figures: URL) -> [HTML] {
    guard let nested = content.nested else {
      guard content.manifest.learner.network != nil else {
        return [
          .p(
            "This run's protocol is as stated beforehand. Where its learner or columns were chosen by results, the result flatters."
          )
        ]
      }
      return [
        .p(
          "This run's batch size, backbone and protocol are as stated beforehand. Where one of them was taken from the best of several runs on the same folds, the result flatters: `renalgrade nested STUDY` chooses for each fold without the fold's patients."
        )
      ]
    }
    let variants = nested.variants
    let rows = nested.choices.map { choice -> [HTML] in
      let inner = Dictionary(choice.inner.map { ($0.variant, $0.auc) }, uniquingKeysWith: { first, _ in first })
      return ["Fold \(choice.fold + 1)", HTML(text: choice.variant.title)]
        + variants.map { HTML(text: Format.number(inner[$0] ?? nil, decimals: 3)) }
    }
    let table = HTMLTable(
      caption: "What was chosen for each fold, and the \(nested.criterion) of each choice in its inner folds",
      columns: ["Fold", "Chosen"] + variants.map(\.title), rows: rows, leadingColumns: 2)
    let subject = nested.isAmongProtocols ? "the protocol and its batch size were" : "the batch size was"
    let way =
      "For each fold \(subject) chosen by the \(nested.criterion) of a \(nested.innerFolds)-fold cross-validation among the other "
      + "folds' patients, and the network trained so: no patient took part in the choice of what predicts the patient."
    return [.p(HTML(text: way))] + (rows.isEmpty ? [.p("No choice is recorded.")] : [table.html])
      + [.p(HTML(text: nested.reading))]
  }
}

extension Run.NestedChoice {
  /// What the nested estimate is, and how far above it the best of all that was tried lies.
  public var reading: String {
    guard let auc else { return "The nested \(criterion) is undefined: one class only was predicted." }
    let start = "The nested \(criterion) is \(Format.number(auc, decimals: 3))."
    guard let best = sweepBest, let highest = best.auc else {
      return "\(start) There is not a run of each on the same folds to hold it against."
    }
    let verdict =
      highest > auc
      ? "higher by \(Format.number(highest - auc, decimals: 3)), which is what choosing the best and printing it flatters by, as far "
        + "as one such difference can tell."
      : "here it does not flatter; on other data it may."
    return
      "\(start) The best of all on the same folds, \(best.variant.title), has \(Format.number(highest, decimals: 3)): "
      + verdict
  }
}
