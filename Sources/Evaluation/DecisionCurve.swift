/// The net benefit of acting on the probabilities, over the range of threshold probabilities.
///
/// At threshold probability t, acting at t or more implies that a wrong action weighs t / (1 - t) of a right one. The
/// net benefit is in right actions per case; doing nothing has 0. Source: Vickers and Elkin, Medical Decision Making 2006.
public struct DecisionCurve: Equatable, Sendable {
  /// The net benefits at one threshold.
  public struct Point: Equatable, Sendable {
    /// The threshold probability.
    public let threshold: Double
    /// Of acting on the model.
    public let model: Estimate
    /// Why it has no interval, as where nobody is called positive and no draw differs; nil where it has one.
    public let noInterval: NotEstimable?
    /// Of acting on every case.
    public let treatAll: Double
    /// Of acting on no case.
    public var treatNone: Double { 0 }
  }

  /// One point per threshold, in the order asked for.
  public let points: [Point]

  /// Computes the curve at `thresholds`, with percentile intervals over draws of whole clusters.
  ///
  /// Throws where a class is missing, a score isn't a probability, or a threshold isn't within 0..<1.
  public init(
    _ cases: Cases, thresholds: [Double] = (1..<100).map { Double($0) / 100 }, level: Double = 0.95,
    samples: Int = 1000,
    seed: UInt64 = 1
  ) throws(NotEstimable) {
    try cases.check(probabilities: true)
    try check(level: level)
    if let odd = thresholds.first(where: { !(0..<1).contains($0) }) {
      throw .badSetting("a threshold probability must be 0 or more and below 1, found \(odd)")
    }
    let share = Double(cases.positives) / Double(cases.count)
    points = thresholds.map { threshold in
      let odds = threshold / (1 - threshold)
      let counts = ClusterCounts(cases, threshold: threshold)
      func benefit(_ matrix: ConfusionMatrix) -> Double {
        (Double(matrix.truePositives) - odds * Double(matrix.falsePositives)) / Double(matrix.total)
      }
      var interval: Interval?
      var noInterval: NotEstimable?
      do throws(NotEstimable) {
        interval = try counts.draws.interval(level: level, samples: samples, seed: seed) { benefit(counts.matrix($0)) }
      } catch {
        noInterval = error
      }
      return Point(
        threshold: threshold,
        model: Estimate(value: benefit(ConfusionMatrix(cases, threshold: threshold)), interval: interval),
        noInterval: noInterval, treatAll: share - odds * (1 - share))
    }
  }
}
