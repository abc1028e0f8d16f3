import Analysis
import Foundation
public import Experiment
import Study

/// The result of choosing by inner folds, compared with the best of all choices.
struct NestedSection: RunSection {
  let id = "nested"
  let title = "Choice among ways to train"

  func answers(_ content: RunContent) -> Bool { content.nested != nil }

  func html(_ content: RunContent, figures: URL) -> [HTML] {
    guard let nested = content.nested else {
      guard content.manifest.learner.network != nil else {
        return [
          .p(
            "This run used its protocol as stated beforehand. If its learner or columns were chosen by their results, the result is optimistic."
          )
        ]
      }
      return [
        .p(
          "This run used its batch size, backbone and protocol as stated beforehand. If one of them was taken from the best of several runs on the same folds, the result is optimistic: `renalgrade nested STUDY` makes the choice for each fold without that fold's patients."
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
      "For each fold \(subject) chosen by the \(nested.criterion) of a \(nested.innerFolds)-fold cross-validation "
      + "among the other folds' patients, and the network was trained accordingly: no patient took part in choosing "
      + "the network that predicts them."
    return [.p(HTML(text: way))] + (rows.isEmpty ? [.p("No choice is recorded.")] : [table.html])
      + [.p(HTML(text: nested.reading))]
  }
}

extension Run.NestedChoice {
  /// The nested estimate, and how far above it the best of all choices lies.
  public var reading: String {
    guard let auc else { return "The nested \(criterion) is undefined: the predictions contain only one class." }
    let start = "The nested \(criterion) is \(Format.number(auc, decimals: 3))."
    guard let best = sweepBest, let highest = best.auc else {
      return "\(start) There are no runs of all choices on the same folds to compare it with."
    }
    let verdict =
      highest > auc
      ? "higher by \(Format.number(highest - auc, decimals: 3)), which estimates the optimism of choosing the best "
        + "run and reporting it, as far as a single difference can."
      : "here it is not optimistic; on other data it may be."
    return
      "\(start) The best of all on the same folds, \(best.variant.title), has \(Format.number(highest, decimals: 3)): "
      + verdict
  }
}
