extension Cases {
  /// The cases with each score replaced by its rank among the cases of its fold, as a share of them; one fold number for each case.
  ///
  /// Models of different folds put their scores on different scales: a fold's model that has seen fewer positive cases predicts
  /// lower, and it is the fold with more of them that it then predicts. Pooled scores of a model that has learnt nothing therefore
  /// reach a mean AUC below 0.5 (`Tests/Reference/coverage.py`). Ranks within folds have no scale, and their mean AUC is 0.5 then,
  /// whatever the folds' shares: half of a fold's ranks lie above the middle. Tied cases share the mean of their ranks. A score
  /// that is not a finite number stays NaN and has no rank.
  ///
  /// Source: the bias, Parker, Guenter and Bedo, BMC Bioinformatics 2007; Airola et al., Computational Statistics and Data
  /// Analysis 2011.
  public func ranked(within folds: [Int]) -> Cases {
    precondition(folds.count == count, "a fold for each case")
    var ranks = [Double](repeating: .nan, count: count)
    let finite = scores.indices.filter { scores[$0].isFinite }
    for members in Dictionary(grouping: finite, by: { folds[$0] }).values {
      let sorted = members.sorted { scores[$0] < scores[$1] }
      var start = 0
      while start < sorted.count {
        var end = start
        while end < sorted.count, scores[sorted[end]] == scores[sorted[start]] { end += 1 }
        for place in sorted[start..<end] { ranks[place] = Double(start + end) / 2 / Double(sorted.count) }
        start = end
      }
    }
    return Cases(labels: labels, scores: ranks, clusters: clusters)
  }
}
