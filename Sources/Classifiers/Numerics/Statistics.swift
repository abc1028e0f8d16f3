/// The area under the ROC curve: the share of pairs of a high and a low row that the scores order, ties counting half.
///
/// nil where there are rows of one class only.
func rankAUC(_ scores: [Double], _ labels: [Bool]) -> Double? {
  let order = scores.indices.sorted { scores[$0] < scores[$1] }
  let high = Double(labels.count { $0 })
  let low = Double(labels.count) - high
  guard high > 0, low > 0 else { return nil }
  var (sum, start) = (0.0, 0)
  while start < order.count {
    var end = start
    while end < order.count, scores[order[end]] == scores[order[start]] { end += 1 }
    // Ranks start + 1 to end, which tied rows share.
    let rank = Double(start + 1 + end) / 2
    sum += rank * Double(order[start..<end].count { labels[$0] })
    start = end
  }
  return (sum - high * (high + 1) / 2) / (high * low)
}

/// The mean squared distance of probabilities from the classes (Brier score).
func squaredError(_ probabilities: [Double], _ labels: [Bool]) -> Double {
  mean(zip(probabilities, labels).map { ($0 - ($1 ? 1 : 0)) * ($0 - ($1 ? 1 : 0)) })
}

/// The mean of some values; NaN where there are none.
func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

/// The variance of the population; NaN where there are no values.
func variance(_ values: [Double]) -> Double {
  let centre = mean(values)
  return mean(values.map { ($0 - centre) * ($0 - centre) })
}

extension Sequence<Double> {
  /// The places of the values from the greatest down, the first of equal ones first; NaN comes last.
  var descendingOrder: [Int] {
    let keys = map { $0.isNaN ? -Double.infinity : $0 }
    return keys.indices.sorted { (keys[$0], $1) > (keys[$1], $0) }
  }
}
