/// Takes the features that alone order the classes best: the greatest |AUC - 0.5|, that is the smallest P of the Mann-Whitney test.
struct UnivariateSelector: FeatureSelector {
  func choose(_ count: Int?, from training: TrainingRows, seed: UInt64) -> [Int] {
    let order = training.separations.descendingOrder
    return Array(order.prefix(count ?? order.count))
  }
}

extension SelectorKind {
  static let univariate = SelectorKind("univariate", title: "the Mann-Whitney statistic of each") { _ in
    UnivariateSelector()
  }
}
