/// Labelled and scored cases of one level: slices, lesions or patients.
///
/// Everything in this room starts from such a list; no case may belong to two clusters.
public struct Cases: Equatable, Sendable {
  /// The truth: true is the positive class (high grade).
  public let labels: [Bool]
  /// The predicted probability of the positive class, one per label.
  public let scores: [Double]
  /// The cluster of each case: its patient.
  ///
  /// Cases of one cluster are not independent of one another.
  public let clusters: [String]

  /// Makes cases; where `clusters` is nil each is a cluster of its own.
  ///
  /// The arrays must be of equal length.
  public init(labels: [Bool], scores: [Double], clusters: [String]? = nil) {
    precondition(labels.count == scores.count, "as many scores as labels")
    precondition(clusters.map { $0.count == labels.count } ?? true, "as many clusters as labels")
    self.labels = labels
    self.scores = scores
    self.clusters = clusters ?? labels.indices.map(String.init)
  }

  /// How many cases there are.
  public var count: Int { labels.count }

  /// How many are positive.
  public var positives: Int { labels.count { $0 } }

  /// Whether some cluster holds more than one case.
  public var isClustered: Bool { Set(clusters).count < count }

  /// How many clusters hold a case of a class.
  public func clusterCount(positive: Bool) -> Int {
    Set(zip(clusters, labels).filter { $0.1 == positive }.map(\.0)).count
  }

  /// The cases whose score is a finite number.
  public var finite: Cases {
    let kept = labels.indices.filter { scores[$0].isFinite }
    return Cases(labels: kept.map { labels[$0] }, scores: kept.map { scores[$0] }, clusters: kept.map { clusters[$0] })
  }

  /// The cases one level up: those of equal group become one, in the order in which the groups first appear.
  ///
  /// A group is positive where any of its cases is; its score is the `aggregate` of theirs (see `Aggregate`); its cluster is that of its first
  /// case.
  public func grouped(by groups: [String], _ aggregate: ([Double]) -> Double) -> Cases {
    precondition(groups.count == count, "as many groups as cases")
    var place: [String: Int] = [:]
    var members: [[Int]] = []
    for (index, group) in groups.enumerated() {
      if let known = place[group] {
        members[known].append(index)
      } else {
        place[group] = members.count
        members.append([index])
      }
    }
    return Cases(
      labels: members.map { $0.contains { labels[$0] } },
      scores: members.map { aggregate($0.map { scores[$0] }) },
      clusters: members.map { clusters[$0[0]] })
  }
}

/// How the probabilities of several slices become that of their lesion or patient: functions of one or more probabilities,
/// NaN where any is not a finite number.
public enum Aggregate {
  /// The mean of the slices.
  public static func mean(_ probabilities: [Double]) -> Double {
    finite(probabilities) { $0.reduce(0, +) / Double($0.count) }
  }

  /// The highest slice.
  public static func maximum(_ probabilities: [Double]) -> Double {
    finite(probabilities) { $0.max() ?? .nan }
  }

  /// One minus the product of the complements: the chance that at least one slice is positive, were they independent.
  public static func noisyOr(_ probabilities: [Double]) -> Double {
    finite(probabilities) { 1 - $0.reduce(1) { $0 * (1 - $1) } }
  }

  /// The mean of the `count` highest slices (of all, where there are fewer); `count` at least 1.
  ///
  /// Between `maximum` (1) and `mean` (no fewer than there are): a single odd slice has less influence, and so has the tumour's rim.
  public static func top(_ count: Int) -> @Sendable ([Double]) -> Double {
    precondition(count > 0, "at least one slice")
    return { probabilities in
      finite(probabilities) { mean(Array($0.sorted(by: >).prefix(count))) }
    }
  }

  /// Infinities are treated as NaN is, so no aggregation hides a slice that has no probability.
  private static func finite(_ probabilities: [Double], _ aggregate: ([Double]) -> Double) -> Double {
    probabilities.allSatisfy(\.isFinite) ? aggregate(probabilities) : .nan
  }
}
