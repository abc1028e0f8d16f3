import Support

/// Confidence intervals of the area under the ROC curve.
public enum AUCInterval {
  /// The method of choice: `logit`, whose coverage was simulated (`Tests/Reference/coverage.py`).
  ///
  /// Where the classes are separated without error (or always wrongly), all scores are equal, all clusters are alike or a class
  /// has one cluster only, it can't be stated. There `newcombe` is used, with clusters instead of cases. Nil where a class
  /// is empty, or a score is not a finite number.
  public static func standard(_ cases: Cases, level: Double = 0.95) -> Interval? {
    guard let auc = ROCCurve(cases)?.auc else { return nil }
    return (try? logit(cases, level: level))
      ?? newcombe(
        auc: auc, positives: cases.clusterCount(positive: true), negatives: cases.clusterCount(positive: false),
        level: level)
  }

  /// The plain interval (AUC plus and minus z standard errors, clipped to 0...1) with DeLong's variance.
  ///
  /// Cases are taken as independent; nil where a class has fewer than two cases. It is what many print, and too narrow in few
  /// patients or near 1: with 14 of 40 positive and an AUC of 0.9 it contains the true value in 88%.
  /// Source: DeLong, DeLong and Clarke-Pearson, Biometrics 1988.
  public static func deLong(_ cases: Cases, level: Double = 0.95) -> Interval? {
    let independent = Cases(labels: cases.labels, scores: cases.scores)
    guard let auc = ROCCurve(independent)?.auc, let variance = variance(independent) else { return nil }
    let half = Normal.quantile(0.5 + level / 2) * variance.squareRoot()
    return Interval(lower: max(0, auc - half), upper: min(1, auc + half), level: level, method: "DeLong")
  }

  /// The percentile interval over `samples` draws of whole clusters, with replacement.
  ///
  /// Draws that hold one class only have no AUC and are drawn again. The same seed gives the same interval. Nil where there
  /// is one class, or fewer than two clusters.
  public static func bootstrap(_ cases: Cases, level: Double = 0.95, samples: Int = 2000, seed: UInt64 = 1) -> Interval?
  {
    guard let draws = ClusterBootstrap(cases)?.aucs(samples: samples, seed: seed), !draws.isEmpty else { return nil }
    let sorted = draws.sorted()
    return Interval(
      lower: Quantile.value(0.5 - level / 2, ofSorted: sorted),
      upper: Quantile.value(0.5 + level / 2, ofSorted: sorted), level: level,
      method: "bootstrap over patients")
  }

  /// The name of `newcombe`.
  static let newcombeName = "Newcombe"

  /// Newcombe's method 5, a score interval that has a width at 0 and 1 too.
  ///
  /// Nil where a class is empty. Source: Newcombe, Statistics in Medicine 2006, part 2.
  public static func newcombe(auc: Double, positives: Int, negatives: Int, level: Double = 0.95) -> Interval? {
    guard positives > 0, negatives > 0 else { return nil }
    let z = Normal.quantile(0.5 + level / 2)
    let (m, n) = (Double(positives), Double(negatives))
    let meanLessOne = (m + n) / 2 - 1
    // The limits are where the distance to the estimate is z standard errors of the limit itself.
    func excess(_ limit: Double) -> Double {
      let variance =
        limit * (1 - limit) * (1 + meanLessOne * ((1 - limit) / (2 - limit) + limit / (1 + limit))) / (m * n)
      return (auc - limit) * (auc - limit) - z * z * variance
    }
    // Towards `outer` the distance wins, towards the estimate the standard error does.
    func limit(outer: Double) -> Double {
      guard outer != auc else { return auc }
      var (outside, inside) = (outer, auc + (outer - auc) * 1e-12)
      for _ in 0..<200 {
        let middle = (outside + inside) / 2
        if excess(middle) > 0 { outside = middle } else { inside = middle }
      }
      return inside
    }
    return Interval(lower: limit(outer: 0), upper: limit(outer: 1), level: level, method: newcombeName)
  }

  /// Obuchowski's variance of the AUC; DeLong's where each cluster is one case.
  ///
  /// Nil where there is one class, or fewer than two clusters hold a positive, or a negative.
  static func variance(_ cases: Cases) -> Double? { (try? AUCCovariance([cases]))?.matrix[0][0] }

  /// For a positive the share of negatives below it, for a negative the share of positives above it; ties count half.
  static func placements(_ cases: Cases) -> [Double] {
    let order = cases.scores.indices.sorted { cases.scores[$0] < cases.scores[$1] }
    let positives = cases.positives
    let negatives = cases.count - positives
    var placements = [Double](repeating: 0, count: cases.count)
    var (positivesBelow, negativesBelow) = (0, 0)
    var start = 0
    while start < order.count {
      var end = start
      while end < order.count, cases.scores[order[end]] == cases.scores[order[start]] { end += 1 }
      let tied = order[start..<end]
      let tiedPositives = tied.count { cases.labels[$0] }
      let tiedNegatives = tied.count - tiedPositives
      for index in tied {
        placements[index] =
          cases.labels[index]
          ? (Double(negativesBelow) + Double(tiedNegatives) / 2) / Double(negatives)
          : (Double(positives - positivesBelow - tiedPositives) + Double(tiedPositives) / 2) / Double(positives)
      }
      positivesBelow += tiedPositives
      negativesBelow += tiedNegatives
      start = end
    }
    return placements
  }
}
