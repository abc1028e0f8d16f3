import Support

/// Draws of whole clusters with replacement: estimates of what another sample of patients might give.
struct ClusterBootstrap {
  /// The cases by rising score; tied ones share a group.
  private let groups: [[(cluster: Int, isPositive: Bool)]]
  private let clusterCount: Int

  /// Prepares the draws; nil where there is one class, a score is not a number, or fewer than two clusters.
  init?(_ cases: Cases) {
    var numbers: [String: Int] = [:]
    for cluster in cases.clusters where numbers[cluster] == nil { numbers[cluster] = numbers.count }
    guard numbers.count > 1, ROCCurve(cases) != nil else { return nil }
    clusterCount = numbers.count
    let order = cases.scores.indices.sorted { cases.scores[$0] < cases.scores[$1] }
    var groups: [[(cluster: Int, isPositive: Bool)]] = []
    var last = Double.nan
    for index in order {
      if cases.scores[index] != last { groups.append([]) }
      last = cases.scores[index]
      groups[groups.count - 1].append((numbers[cases.clusters[index]] ?? 0, cases.labels[index]))
    }
    self.groups = groups
  }

  /// How often each cluster is drawn, draw by draw.
  static func multiplicities(of count: Int, using generator: inout SplitMix64) -> [Int] {
    var drawn = [Int](repeating: 0, count: count)
    for _ in 0..<count { drawn[generator.below(count)] += 1 }
    return drawn
  }

  /// The AUCs of `samples` draws that hold both classes; fewer where such draws are too rare.
  func aucs(samples: Int, seed: UInt64) -> [Double] {
    var generator = SplitMix64(seed: seed)
    var results: [Double] = []
    results.reserveCapacity(samples)
    for _ in 0..<(20 * samples) where results.count < samples {
      if let auc = auc(Self.multiplicities(of: clusterCount, using: &generator)) { results.append(auc) }
    }
    return results
  }

  /// The AUC where every cluster counts as often as it was drawn; nil where a class is missing.
  func auc(_ multiplicities: [Int]) -> Double? {
    var (positives, negatives, doubledPairs) = (0, 0, 0)
    for group in groups {
      var (tiedPositives, tiedNegatives) = (0, 0)
      for member in group {
        let times = multiplicities[member.cluster]
        if member.isPositive { tiedPositives += times } else { tiedNegatives += times }
      }
      doubledPairs += tiedPositives * (2 * negatives + tiedNegatives)
      positives += tiedPositives
      negatives += tiedNegatives
    }
    guard positives > 0, negatives > 0 else { return nil }
    return Double(doubledPairs) / 2 / (Double(positives) * Double(negatives))
  }
}
