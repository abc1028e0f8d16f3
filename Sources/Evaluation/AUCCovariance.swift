/// How the AUCs of several models on the same cases vary together.
///
/// DeLong's covariance where each cluster is one case, Obuchowski's where clusters (patients) give several. Sources: DeLong,
/// DeLong and Clarke-Pearson, Biometrics 1988; Obuchowski, Biometrics 1997.
struct AUCCovariance {
  /// The models' AUCs.
  let aucs: [Double]
  /// Their covariances, models by models; the diagonal is not negative.
  let matrix: [[Double]]
  /// What each class of clusters adds to the covariance, and how many clusters that is.
  private let parts: [(matrix: [[Double]], clusters: Int)]
  private let isClustered: Bool

  /// Computes the covariance of the AUCs of `models`: the same cases, scored by each.
  ///
  /// Throws where they aren't the same cases, a score isn't finite, a class is missing, or fewer than two clusters hold a
  /// positive, or a negative.
  init(_ models: [Cases]) throws(NotEstimable) {
    guard let first = models.first else { throw .noCases }
    for model in models {
      try model.check()
      try model.check(sameCasesAs: first)
    }
    let members = ClusterDraws(first.clusters)
    var (hasPositive, hasNegative) = (Set<Int>(), Set<Int>())
    for (cluster, label) in zip(members.clusterOf, first.labels) {
      if label { hasPositive.insert(cluster) } else { hasNegative.insert(cluster) }
    }
    guard hasPositive.count > 1 else {
      throw .tooFewClusters(found: hasPositive.count, needed: 2, of: "patients with a positive case")
    }
    guard hasNegative.count > 1 else {
      throw .tooFewClusters(found: hasNegative.count, needed: 2, of: "patients with a negative case")
    }

    // Per cluster: how far its positives' and its negatives' placements lie from what the AUC expects, summed.
    var aucs: [Double] = []
    var (positive, negative): ([[Double]], [[Double]]) = ([], [])
    for model in models {
      guard let auc = ROCCurve(model)?.auc else { throw .noCases }
      var (ofPositives, ofNegatives) = (members.zeros, members.zeros)
      for (index, placement) in AUCInterval.placements(model).enumerated() {
        let cluster = members.clusterOf[index]
        if model.labels[index] {
          ofPositives[cluster] += placement - auc
        } else {
          ofNegatives[cluster] += placement - auc
        }
      }
      aucs.append(auc)
      positive.append(ofPositives)
      negative.append(ofNegatives)
    }

    let positives = Double(first.positives)
    let negatives = Double(first.count) - positives
    func unbiased(_ count: Int) -> Double { Double(count) / Double(count - 1) }
    func product(_ left: [Double], _ right: [Double]) -> Double { zip(left, right).reduce(0) { $0 + $1.0 * $1.1 } }
    func part(_ sums: [[Double]], _ clusters: Int, _ cases: Double) -> [[Double]] {
      sums.map { one in sums.map { unbiased(clusters) * product(one, $0) / (cases * cases) } }
    }
    let ofPositives = part(positive, hasPositive.count, positives)
    let ofNegatives = part(negative, hasNegative.count, negatives)
    self.aucs = aucs
    parts = [(ofPositives, hasPositive.count), (ofNegatives, hasNegative.count)]
    isClustered = first.isClustered
    matrix = models.indices.map { one in
      models.indices.map { other in
        let between = product(positive[one], negative[other]) + product(positive[other], negative[one])
        let value =
          ofPositives[one][other] + ofNegatives[one][other]
          + unbiased(members.count) * between / (positives * negatives)
        return one == other ? max(0, value) : value
      }
    }
  }

  /// The degrees of freedom of the first model's variance.
  ///
  /// Satterthwaite's of its two parts; where clusters give several cases, those that the scarcer class's clusters leave.
  /// Source: Brunner and Munzel, Biometrical Journal 2000.
  var degrees: Double {
    let scarcer = Double((parts.map(\.clusters).min() ?? 1) - 1)
    guard !isClustered else { return scarcer }
    let variances = parts.map { (value: $0.matrix[0][0], degrees: Double($0.clusters - 1)) }
    let sum = variances.reduce(0) { $0 + $1.value }
    let squares = variances.reduce(0) { $0 + $1.value * $1.value / $1.degrees }
    return squares > 0 ? sum * sum / squares : scarcer
  }
}
