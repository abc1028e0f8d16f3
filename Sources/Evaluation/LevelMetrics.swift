/// The result at one level (slice, lesion or patient); null where a value is undefined, with a note that says why.
public struct LevelMetrics: Codable, Equatable, Sendable {
  /// The cases with a score.
  public let n: Int
  /// How many of them are positive (high grade).
  public let positives: Int
  /// How many clusters (patients) they come from.
  public let clusters: Int
  /// The score from which a case is called positive.
  public let threshold: Double
  /// The area under the ROC curve.
  public let auc: Double?
  /// Its interval, by `AUCInterval.standard`.
  public let aucInterval: Interval?
  /// The share of positives called positive.
  public let sensitivity: Double?
  /// Its Wilson interval; at a clustered level with the effective sample size.
  public let sensitivityInterval: Interval?
  /// The share of negatives called negative.
  public let specificity: Double?
  /// Its Wilson interval; at a clustered level with the effective sample size.
  public let specificityInterval: Interval?
  /// The share of cases called rightly.
  public let accuracy: Double?
  /// Its Wilson interval; at a clustered level with the effective sample size.
  public let accuracyInterval: Interval?
  /// Positive cases called positive.
  public let truePositives: Int
  /// Negative cases called positive.
  public let falsePositives: Int
  /// Negative cases called negative.
  public let trueNegatives: Int
  /// Positive cases called negative.
  public let falseNegatives: Int
  /// The share of positive calls that are right.
  public let ppv: Double?
  /// The share of negative calls that are right.
  public let npv: Double?
  /// The harmonic mean of sensitivity and positive predictive value.
  public let f1: Double?
  /// The mean of sensitivity and specificity.
  public let balancedAccuracy: Double?
  /// Matthews' correlation coefficient.
  public let mcc: Double?
  /// Why a value is null or a case is left out; null where neither is so.
  public let note: String?

  /// Computes the result of `cases`; those whose score is not a finite number are left out and noted.
  public init(_ cases: Cases, threshold: Double, seed: UInt64 = 1) {
    let scored = cases.finite
    let matrix = ConfusionMatrix(scored, threshold: threshold)
    n = scored.count
    positives = scored.positives
    clusters = Set(scored.clusters).count
    self.threshold = threshold
    auc = ROCCurve(scored)?.auc
    aucInterval = AUCInterval.standard(scored, seed: seed)
    sensitivity = matrix.sensitivity
    specificity = matrix.specificity
    accuracy = matrix.accuracy
    let indices = scored.labels.indices
    let right = indices.map { scored.labels[$0] == (scored.scores[$0] >= threshold) }
    func wilson(where isCounted: (Bool) -> Bool) -> Interval? {
      let counted = indices.filter { isCounted(scored.labels[$0]) }
      return WilsonInterval.of(counted.map { right[$0] }, clusters: counted.map { scored.clusters[$0] })
    }
    sensitivityInterval = wilson { $0 }
    specificityInterval = wilson { !$0 }
    accuracyInterval = wilson { _ in true }
    truePositives = matrix.truePositives
    falsePositives = matrix.falsePositives
    trueNegatives = matrix.trueNegatives
    falseNegatives = matrix.falseNegatives
    ppv = matrix.positivePredictiveValue
    npv = matrix.negativePredictiveValue
    f1 = matrix.f1
    balancedAccuracy = matrix.balancedAccuracy
    mcc = matrix.matthewsCorrelation
    note = Self.note(leftOut: cases.count - scored.count, matrix, auc: auc, aucInterval: aucInterval)
  }

  /// The counts as a matrix.
  public var confusion: ConfusionMatrix {
    ConfusionMatrix(
      truePositives: truePositives, falsePositives: falsePositives, trueNegatives: trueNegatives,
      falseNegatives: falseNegatives)
  }

  private static func note(leftOut: Int, _ matrix: ConfusionMatrix, auc: Double?, aucInterval: Interval?) -> String? {
    var sentences: [String] = []
    if leftOut > 0 {
      sentences.append(
        "\(leftOut) \(leftOut == 1 ? "case is" : "cases are") left out: the probability is not a number.")
    }
    if matrix.total == 0 {
      sentences.append("There are no cases.")
    } else if matrix.positives == 0 {
      sentences.append("One class only: there is no positive case, so sensitivity and AUC are undefined.")
    } else if matrix.negatives == 0 {
      sentences.append("One class only: there is no negative case, so specificity and AUC are undefined.")
    } else if aucInterval == nil {
      sentences.append("There are too few cases of a class for an interval of the AUC.")
    } else if auc == 1 {
      sentences.append(
        "The AUC of 1 is that of these few cases; its interval (Newcombe) says what it may be in others.")
    }
    if matrix.total > 0, matrix.positivePredictiveValue == nil { sentences.append("No case is called positive.") }
    if matrix.total > 0, matrix.negativePredictiveValue == nil { sentences.append("Every case is called positive.") }
    return sentences.isEmpty ? nil : sentences.joined(separator: " ")
  }

  /// Writes every key: an undefined value is null, never missing.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(n, forKey: .n)
    try container.encode(positives, forKey: .positives)
    try container.encode(clusters, forKey: .clusters)
    try container.encode(threshold, forKey: .threshold)
    for (key, value) in [
      (CodingKeys.auc, auc), (.sensitivity, sensitivity), (.specificity, specificity), (.accuracy, accuracy),
      (.ppv, ppv),
      (.npv, npv), (.f1, f1), (.balancedAccuracy, balancedAccuracy), (.mcc, mcc),
    ] {
      try container.encode(value, forKey: key)
    }
    for (key, value) in [
      (CodingKeys.aucInterval, aucInterval), (.sensitivityInterval, sensitivityInterval),
      (.specificityInterval, specificityInterval), (.accuracyInterval, accuracyInterval),
    ] {
      try container.encode(value, forKey: key)
    }
    try container.encode(truePositives, forKey: .truePositives)
    try container.encode(falsePositives, forKey: .falsePositives)
    try container.encode(trueNegatives, forKey: .trueNegatives)
    try container.encode(falseNegatives, forKey: .falseNegatives)
    try container.encode(note, forKey: .note)
  }
}
