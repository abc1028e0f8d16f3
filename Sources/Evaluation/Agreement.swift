/// How far two models agree on the same cases, whatever the truth.
public enum Agreement {
  /// Cohen's kappa of two models' or readers' calls: 1 where they call every case alike, 0 where they agree as often as chance would.
  ///
  /// - Throws: `NotEstimable` where there is no case, the lists differ in length, or both call every case alike and the same, where
  ///   chance alone agrees always. Source: Cohen, Educational and Psychological Measurement 1960;20:37-46.
  public static func kappa<Category: Hashable>(
    _ first: [Category], _ second: [Category]
  ) throws(NotEstimable) -> Double {
    guard first.count == second.count else { throw .differentCases }
    guard !first.isEmpty else { throw .noCases }
    let count = Double(first.count)
    let observed = Double(zip(first, second).count { $0 == $1 }) / count
    let (one, other) = (Dictionary(grouping: first) { $0 }, Dictionary(grouping: second) { $0 })
    let products = one.reduce(0) { $0 + $1.value.count * (other[$1.key]?.count ?? 0) }
    let chance = Double(products) / (count * count)
    guard chance < 1 else { throw .noVariation("both call every case the same") }
    return (observed - chance) / (1 - chance)
  }

  /// Spearman's correlation of two models' scores: Pearson's of their ranks, ties sharing the mean of theirs.
  ///
  /// - Throws: `NotEstimable` where there are fewer than two cases, the lists differ in length, a score isn't finite, or all scores of
  ///   a model are equal.
  public static func spearman(_ first: [Double], _ second: [Double]) throws(NotEstimable) -> Double {
    guard first.count == second.count else { throw .differentCases }
    guard first.count > 1 else { throw .noCases }
    let odd = (first + second).count { !$0.isFinite }
    guard odd == 0 else { throw .notFinite(odd) }
    let (one, other) = (ranks(first), ranks(second))
    // Ranks of either kind have one mean.
    let mean = Double(first.count + 1) / 2
    func product(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + ($1.0 - mean) * ($1.1 - mean) } }
    let spread = product(one, one) * product(other, other)
    guard spread > 0 else { throw .noVariation("a model gives every case the same score") }
    return product(one, other) / spread.squareRoot()
  }

  /// The ranks from 1 on; ties share the mean of theirs.
  static func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
      var end = start
      while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
      for place in order[start..<end] { ranks[place] = Double(start + 1 + end) / 2 }
      start = end
    }
    return ranks
  }
}
