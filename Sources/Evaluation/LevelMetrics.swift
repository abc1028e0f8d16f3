/// A metric's value and its interval.
public struct Estimate: Equatable, Sendable {
  /// The value; nil where it is undefined.
  public let value: Double?
  /// Its 95% interval; nil where the value is undefined, or the metric is stated without.
  public let interval: Interval?

  /// Makes an estimate from its parts.
  public init(value: Double?, interval: Interval?) {
    self.value = value
    self.interval = interval
  }
}

/// The result at one level (slice, lesion or patient), with a note that says why a value is undefined.
///
/// As JSON it is one flat object that holds every key: `n`, `positives`, `clusters`, `threshold`, the four counts of
/// `ConfusionMatrix`, each metric of `Metric.all` with its interval, and `note`. What is undefined is null.
public struct LevelMetrics: Codable, Equatable, Sendable {
  /// How many clusters (patients) the cases come from.
  public let clusters: Int
  /// The score from which a case is called positive; nil where cases have thresholds of their own.
  public let threshold: Double?
  /// The decisions at the threshold.
  public let confusion: ConfusionMatrix
  /// Why a value is undefined, an interval unusual, or a case left out; nil where nothing is so.
  public let note: String?
  /// By the metrics' keys.
  private let estimates: [String: Estimate]

  /// The cases with a score.
  public var n: Int { confusion.total }
  /// How many of them are positive (high grade).
  public var positives: Int { confusion.positives }

  /// The result's estimate of `metric`.
  public subscript(metric: Metric) -> Estimate { estimates[metric.key] ?? Estimate(value: nil, interval: nil) }

  /// Computes the result of `cases`; those whose score is not a finite number are left out and noted.
  public init(_ cases: Cases, threshold: Double) {
    self.init(DecidedCases(cases.finite, threshold: threshold), of: cases.count, threshold: threshold)
  }

  /// Computes the result of `cases`, each decided at a threshold of its own, such as that of its fold.
  public init(_ cases: Cases, thresholds: [Double]) {
    precondition(thresholds.count == cases.count, "a threshold for each case")
    let calls = cases.scores.indices.filter { cases.scores[$0].isFinite }.map { cases.scores[$0] >= thresholds[$0] }
    let distinct = Set(thresholds)
    self.init(
      DecidedCases(cases.finite, calls: calls), of: cases.count,
      threshold: distinct.count == 1 ? distinct.first : nil)
  }

  private init(_ decided: DecidedCases, of count: Int, threshold: Double?) {
    clusters = Set(decided.cases.clusters).count
    self.threshold = threshold
    confusion = decided.matrix
    let pairs = Metric.all.map { metric in
      (metric.key, Estimate(value: metric.value(decided), interval: metric.interval?(decided)))
    }
    estimates = Dictionary(uniqueKeysWithValues: pairs)
    note = Self.note(decided, leftOut: count - decided.cases.count, estimates)
  }

  private static func note(
    _ decided: DecidedCases, leftOut: Int, _ estimates: [String: Estimate]
  ) -> String? {
    let matrix = decided.matrix
    let auc = estimates[Metric.auc.key]
    var sentences: [String] = []
    if leftOut > 0 {
      sentences.append(
        "\(leftOut) \(leftOut == 1 ? "case is" : "cases are") excluded: the probability is not a number.")
    }
    if matrix.total == 0 {
      sentences.append("There are no cases.")
    } else if matrix.positives == 0 {
      sentences.append("One class only: there is no positive case, so sensitivity and AUC are undefined.")
    } else if matrix.negatives == 0 {
      sentences.append("One class only: there is no negative case, so specificity and AUC are undefined.")
    } else if let value = auc?.value, value == 0 || value == 1 {
      sentences.append(
        "The AUC of \(Int(value)) is that of these few cases; its interval (Newcombe) states which values are compatible with them."
      )
    } else if Set(decided.cases.scores).count == 1 {
      sentences.append(
        "Every case has the same probability: they are not ranked at all, and the interval of the AUC (Newcombe) "
          + "reflects only the number of cases.")
    } else if auc?.interval?.method == AUCInterval.newcombeName {
      sentences.append(
        "The cases are too few or too similar to show how the AUC varies: its interval is Newcombe's.")
    }
    if matrix.total > 0, matrix.positivePredictiveValue == nil { sentences.append("No case is called positive.") }
    if matrix.total > 0, matrix.negativePredictiveValue == nil { sentences.append("Every case is called positive.") }
    let withoutInterval = Metric.all.filter { metric in
      metric.interval != nil && estimates[metric.key].map { $0.value != nil && $0.interval == nil } == true
    }
    if !withoutInterval.isEmpty {
      sentences.append(
        "No interval can be stated for \(withoutInterval.map(\.name).joined(separator: ", ")): it is undefined, at "
          + "its limit, or the same in every draw of these patients.")
    }
    return sentences.isEmpty ? nil : sentences.joined(separator: " ")
  }

  // MARK: As JSON

  private struct Key: CodingKey, ExpressibleByStringLiteral {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringLiteral key: String) { stringValue = key }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }

    static func value(_ metric: Metric) -> Key { Key(stringValue: metric.key) }
    static func interval(_ metric: Metric) -> Key { Key(stringValue: "\(metric.key)Interval") }
  }

  /// Writes every key: an undefined value is null, never missing.
  public func encode(to encoder: any Encoder) throws {
    try confusion.encode(to: encoder)
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(n, forKey: "n")
    try container.encode(positives, forKey: "positives")
    try container.encode(clusters, forKey: "clusters")
    try container.encode(threshold, forKey: "threshold")
    try container.encode(note, forKey: "note")
    for metric in Metric.all {
      try container.encode(self[metric].value, forKey: .value(metric))
      if metric.interval != nil { try container.encode(self[metric].interval, forKey: .interval(metric)) }
    }
  }

  /// Reads what `encode(to:)` wrote; a metric that is not there is undefined.
  public init(from decoder: any Decoder) throws {
    confusion = try ConfusionMatrix(from: decoder)
    let container = try decoder.container(keyedBy: Key.self)
    clusters = try container.decode(Int.self, forKey: "clusters")
    threshold = try container.decodeIfPresent(Double.self, forKey: "threshold")
    note = try container.decodeIfPresent(String.self, forKey: "note")
    var estimates: [String: Estimate] = [:]
    for metric in Metric.all {
      estimates[metric.key] = Estimate(
        value: try container.decodeIfPresent(Double.self, forKey: .value(metric)),
        interval: try container.decodeIfPresent(Interval.self, forKey: .interval(metric)))
    }
    self.estimates = estimates
  }
}
