/// Recursive feature elimination: a linear support vector machine is fitted, a tenth of all features with the smallest squared
/// coefficients goes, and so on (Guyon 2002; scikit-learn's `RFE` with `step=0.1`).
///
/// Once the wanted number is reached, features go one by one, which puts those that remain in order.
struct RecursiveElimination: FeatureSelector {
  let classifier: any Classifier

  func choose(_ count: Int?, from training: TrainingRows, seed: UInt64) throws(ClassifierError) -> [Int] {
    let total = training.matrix.columnCount
    let wanted = min(count ?? total, total)
    let step = max(1, total / 10)
    var remaining = Array(0..<total)
    var last: [Int] = []
    while remaining.count > 1 {
      let rows = training.with(training.matrix.columns(remaining))
      let model = try classifier.fit(rows.matrix, labels: rows.labels, seed: seed)
      guard let weights = model.weights, weights.count == remaining.count else {
        throw ClassifierError("recursive elimination needs a classifier with coefficients")
      }
      let order = weights.map { $0 * $0 }.descendingOrder
      let leaving = remaining.count > wanted ? min(step, remaining.count - wanted) : 1
      if remaining.count <= wanted { last += order.suffix(1).map { remaining[$0] } }
      remaining = order.dropLast(leaving).sorted().map { remaining[$0] }
    }
    return remaining + last.reversed()
  }
}

extension SelectorKind {
  static let recursiveElimination = SelectorKind(
    "recursiveElimination", title: "recursive elimination by a linear support vector machine"
  ) { _ in RecursiveElimination(classifier: SupportVectorMachine(cost: 1, isBalanced: true)) }
}
