/// The four counts of a two-class decision, and what follows from them; nil wherever a denominator is zero.
public struct ConfusionMatrix: Codable, Equatable, Sendable {
  /// Positive cases called positive.
  public let truePositives: Int
  /// Negative cases called positive.
  public let falsePositives: Int
  /// Negative cases called negative.
  public let trueNegatives: Int
  /// Positive cases called negative.
  public let falseNegatives: Int

  /// Makes a matrix from its counts.
  public init(truePositives: Int, falsePositives: Int, trueNegatives: Int, falseNegatives: Int) {
    self.truePositives = truePositives
    self.falsePositives = falsePositives
    self.trueNegatives = trueNegatives
    self.falseNegatives = falseNegatives
  }

  /// Counts `cases`; a score of `threshold` or more calls a case positive.
  public init(_ cases: Cases, threshold: Double) {
    self.init(labels: cases.labels, calls: cases.scores.map { $0 >= threshold })
  }

  /// Counts decisions, one for each label; true is the positive class.
  init(labels: [Bool], calls: [Bool]) {
    var counts = [0, 0, 0, 0]
    for (label, call) in zip(labels, calls) { counts[(label ? 2 : 0) + (call ? 1 : 0)] += 1 }
    self.init(truePositives: counts[3], falsePositives: counts[1], trueNegatives: counts[0], falseNegatives: counts[2])
  }

  /// Cases that are positive.
  public var positives: Int { truePositives + falseNegatives }
  /// Cases that are negative.
  public var negatives: Int { trueNegatives + falsePositives }
  /// All cases.
  public var total: Int { positives + negatives }

  /// The share of positive cases that are called positive.
  public var sensitivity: Double? { ratio(truePositives, positives) }
  /// The share of negative cases that are called negative.
  public var specificity: Double? { ratio(trueNegatives, negatives) }
  /// The share of cases that are classified correctly.
  public var accuracy: Double? { ratio(truePositives + trueNegatives, total) }
  /// The share of positive calls that are right (precision).
  public var positivePredictiveValue: Double? { ratio(truePositives, truePositives + falsePositives) }
  /// The share of negative calls that are right.
  public var negativePredictiveValue: Double? { ratio(trueNegatives, trueNegatives + falseNegatives) }
  /// The harmonic mean of sensitivity and positive predictive value.
  public var f1: Double? { ratio(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives) }

  /// The mean of sensitivity and specificity.
  public var balancedAccuracy: Double? {
    guard let sensitivity, let specificity else { return nil }
    return (sensitivity + specificity) / 2
  }

  /// Matthews' correlation coefficient, in -1...1; nil where a row or a column is empty.
  public var matthewsCorrelation: Double? {
    let margins = [
      truePositives + falsePositives, truePositives + falseNegatives, trueNegatives + falsePositives,
      trueNegatives + falseNegatives,
    ].map(Double.init)
    guard margins.allSatisfy({ $0 > 0 }) else { return nil }
    let numerator = Double(truePositives) * Double(trueNegatives) - Double(falsePositives) * Double(falseNegatives)
    return numerator / margins.reduce(1) { $0 * $1.squareRoot() }
  }

  private func ratio(_ part: Int, _ whole: Int) -> Double? { whole > 0 ? Double(part) / Double(whole) : nil }
}
