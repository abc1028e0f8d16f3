/// The AUC in parts of the cases, and whether the parts differ by more than chance.
///
/// A subgroup's own interval says nothing about differences between subgroups; the tests here do. Sources: Cochran, Biometrics
/// 1954; Higgins and Thompson, Statistics in Medicine 2002 (I squared); Altman and Bland, BMJ 2003.
public struct SubgroupAnalysis: Equatable, Sendable {
  /// One part of the cases.
  public struct Subgroup: Equatable, Sendable {
    /// Its name.
    public let name: String
    /// Its cases.
    public let count: Int
    /// Those that are positive.
    public let positives: Int
    /// The clusters (patients) that they come from.
    public let clusters: Int
    /// Its AUC with `AUCInterval.standard`, or why that can't be stated.
    public let auc: Result<Estimate, NotEstimable>
    /// The clusters with a case of the class that has fewer.
    let scarcer: Int
    /// DeLong's or Obuchowski's variance of the AUC; nil where there is none, or it is zero.
    let variance: Double?
  }

  /// Whether AUCs of independent subgroups differ.
  public struct Heterogeneity: Equatable, Sendable {
    /// Cochran's Q.
    public let test: ChiSquareTest
    /// The share of the variation that chance doesn't explain, in 0...1.
    public let iSquared: Double
    /// Subgroups that are too small, or have no variance to weigh them by, and are left out.
    public let leftOut: [String]
  }

  /// By name, or in the order asked for.
  public let subgroups: [Subgroup]
  private let cases: Cases
  private let groups: [String]

  /// Divides `cases` by `groups`, one name a case; `names` also lists subgroups that may be empty, and others are left out.
  ///
  /// Throws where the lists differ in length, a score isn't finite, or a cluster has cases in two subgroups, which then aren't
  /// independent.
  public init(
    _ cases: Cases, groups: [String], names: [String]? = nil, level: Double = 0.95
  ) throws(NotEstimable) {
    guard groups.count == cases.count else { throw .differentCases }
    try cases.check(bothClasses: false)
    try check(level: level)
    let pairs = Set(zip(cases.clusters, groups).map { [$0, $1] }).count
    let shared = pairs - Set(cases.clusters).count
    guard shared == 0 else {
      throw .badSetting("each patient must belong to one subgroup, found \(shared) times one more")
    }
    let names = names ?? Set(groups).sorted()
    subgroups = names.map { name in
      Subgroup(name: name, cases.picked(groups.indices.filter { groups[$0] == name }), level: level)
    }
    let kept = groups.indices.filter { names.contains(groups[$0]) }
    self.cases = cases.picked(kept)
    self.groups = kept.map { groups[$0] }
  }

  /// Cochran's Q over the subgroups' AUCs; throws where fewer than two can take part.
  ///
  /// Its distribution is that of many cases: a subgroup takes part with at least `fewest` clusters of each class.
  public func heterogeneity(fewest: Int = 2) throws(NotEstimable) -> Heterogeneity {
    var parts: [(auc: Double, weight: Double)] = []
    var leftOut: [String] = []
    for subgroup in subgroups {
      if subgroup.scarcer >= fewest, case .success(let estimate) = subgroup.auc, let auc = estimate.value,
        let variance = subgroup.variance
      {
        parts.append((auc, 1 / variance))
      } else {
        leftOut.append(subgroup.name)
      }
    }
    guard parts.count > 1 else {
      throw .tooFewClusters(
        found: parts.count, needed: 2,
        of: "subgroups with \(fewest) or more patients of each class and an AUC that varies")
    }
    let mean = parts.reduce(0) { $0 + $1.weight * $1.auc } / parts.reduce(0) { $0 + $1.weight }
    let q = parts.reduce(0) { $0 + $1.weight * ($1.auc - mean) * ($1.auc - mean) }
    return Heterogeneity(
      test: ChiSquareTest(statistic: q, degrees: parts.count - 1),
      iSquared: q > 0 ? max(0, (q - Double(parts.count - 1)) / q) : 0,
      leftOut: leftOut)
  }

  /// Whether the probabilities mean the same in each subgroup: the likelihood-ratio test of logit by subgroup.
  ///
  /// Both models hold the logit and the subgroups; the larger also their products. Throws where the scores aren't
  /// probabilities, clusters give several cases, fewer than two subgroups have cases, one that has some has fewer than `fewest`
  /// of a class, or the larger model has no fit.
  public func logisticInteraction(fewest: Int = 0) throws(NotEstimable) -> ChiSquareTest {
    try cases.check(probabilities: true)
    guard !cases.isClustered else { throw .clustered(instead: "Take whole patients.") }
    if let small = subgroups.first(where: { $0.count > 0 && $0.scarcer < fewest }) {
      throw .tooFewClusters(
        found: small.scarcer, needed: fewest, of: "patients of each class in every subgroup")
    }
    let others = subgroups.filter { $0.count > 0 }.map(\.name).dropFirst()
    guard !others.isEmpty else { throw .tooFewClusters(found: 1, needed: 2, of: "subgroups") }
    func logLikelihood(products: Bool) throws(NotEstimable) -> Double {
      let rows = cases.scores.indices.map { index in
        let logit = Calibration.logit(cases.scores[index])
        let members = others.map { $0 == groups[index] ? 1.0 : 0 }
        return [logit] + members + (products ? members.map { $0 * logit } : [])
      }
      return try LogisticRegression(rows: rows, targets: cases.labels.map { $0 ? 1 : 0 }).logLikelihood
    }
    let gain = try logLikelihood(products: true) - logLikelihood(products: false)
    return ChiSquareTest(statistic: max(0, 2 * gain), degrees: others.count)
  }
}

extension SubgroupAnalysis.Subgroup {
  fileprivate init(name: String, _ cases: Cases, level: Double) {
    self.name = name
    count = cases.count
    positives = cases.positives
    clusters = Set(cases.clusters).count
    scarcer = min(cases.clusterCount(positive: true), cases.clusterCount(positive: false))
    auc = Result { () throws(NotEstimable) in
      try cases.check()
      return Estimate(value: ROCCurve(cases)?.auc, interval: AUCInterval.standard(cases, level: level))
    }
    variance = AUCInterval.variance(cases).flatMap { $0 > 1e-18 ? $0 : nil }
  }
}
