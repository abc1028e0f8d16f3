import Support

/// Whether a statistic is larger than expected if the labels were permuted at random.
///
/// Source: Phipson and Smyth, "Permutation p-values should never be zero", Statistical Applications in Genetics and Molecular
/// Biology 2010.
public struct PermutationTest: Equatable, Sendable {
  /// The statistic with the true labels.
  public let observed: Double
  /// The statistic with permuted labels, permutation by permutation.
  public let null: [Double]

  /// Takes values computed elsewhere, such as AUCs of networks retrained on permuted labels.
  ///
  /// Throws where there is none, or one isn't finite.
  public init(observed: Double, null: [Double]) throws(NotEstimable) {
    guard !null.isEmpty else { throw .badSetting("at least one permutation is needed, found none") }
    let odd = ([observed] + null).count { !$0.isFinite }
    guard odd == 0 else { throw .notFinite(odd) }
    self.observed = observed
    self.null = null
  }

  /// The share of permutations that reach what was observed, the true labels counting as one of them: never 0.
  public var pValue: Double { Double(1 + null.count { $0 >= observed }) / Double(1 + null.count) }

  /// The share of permutations that lie below what was observed, those that equal it counting half.
  public var place: Double {
    null.reduce(0) { $0 + ($1 < observed ? 1 : $1 == observed ? 0.5 : 0) } / Double(null.count)
  }

  /// The chance of a place as far to either side: twice the smaller tail, the true labels counting as one of the permutations.
  public var twoSidedPValue: Double {
    let below = Double(1 + null.count { $0 <= observed }) / Double(1 + null.count)
    return min(1, 2 * min(pValue, below))
  }

  /// The AUC of `cases` with the labels permuted among the clusters (patients), whose cases keep one label.
  ///
  /// Where `groups` (one for each case, such as its fold) are given, labels are permuted within each group only. This asks whether
  /// fixed predictions are associated with the labels; to test the training too, permute before it and use `init(observed:null:)`. Throws where
  /// a class is missing, a score isn't finite, or a cluster holds both classes or is in two groups.
  public static func auc(
    _ cases: Cases, within groups: [Int]? = nil, permutations: Int = 1999, seed: UInt64 = 1
  ) throws(NotEstimable) -> PermutationTest {
    try cases.check()
    precondition(groups?.count ?? cases.count == cases.count, "a group for each case")
    let clusters = ClusterDraws(cases.clusters)
    var labels = [Bool](repeating: false, count: clusters.count)
    var groupOf = [Int](repeating: 0, count: clusters.count)
    for (index, cluster) in clusters.clusterOf.enumerated() {
      labels[cluster] = cases.labels[index]
      groupOf[cluster] = groups?[index] ?? 0
    }
    let mixed = Set(
      clusters.clusterOf.indices.filter { index in
        let cluster = clusters.clusterOf[index]
        return labels[cluster] != cases.labels[index] || groupOf[cluster] != groups?[index] ?? 0
      }.map { clusters.clusterOf[$0] })
    guard mixed.isEmpty else { throw .mixedClusters(mixed.count) }
    func auc(_ labels: [Bool]) throws(NotEstimable) -> Double {
      let dealt = Cases(
        labels: clusters.clusterOf.map { labels[$0] }, scores: cases.scores, clusters: cases.clusters)
      guard let auc = ROCCurve(dealt)?.auc else { throw .noCases }
      return auc
    }
    var generator = SplitMix64(seed: seed)
    var null: [Double] = []
    let members = Set(groupOf).sorted().map { group in groupOf.indices.filter { groupOf[$0] == group } }
    for _ in 0..<max(0, permutations) {
      // Fisher and Yates, from the generator's own draws, so that it is the same on every machine.
      for places in members {
        for last in stride(from: places.count - 1, to: 0, by: -1) {
          labels.swapAt(places[last], places[generator.below(last + 1)])
        }
      }
      null.append(try auc(labels))
    }
    return try PermutationTest(observed: ROCCurve(cases)?.auc ?? .nan, null: null)
  }
}
