public import Evaluation
public import Experiment
public import ROI
public import Study
public import Support

/// What becomes of a finished run's predictions where other outlines count; its models are asked, none is trained.
public struct OutlineEffect: Codable, Equatable, Sendable {
  /// The predictions by some other outlines.
  public struct Variant: Codable, Equatable, Sendable {
    /// What the outlines are.
    public let title: String
    /// How far every outline was moved, grown or shrunk, in mm; nil where a reader drew it.
    public let millimetres: Double?
    /// How many of the run's patients have a probability by them.
    public let patients: Int
    /// The AUC of these patients by them.
    public let auc: Stated
    /// The AUC by them less the run's own, on the same patients.
    public let difference: Stated
    /// The p-value of no difference.
    public let test: StatedTest
    /// The share of patients whose class changes at the run's thresholds.
    public let flips: Stated
    /// How many patients that are.
    public let flipped: Int
    /// The mean and the largest change of a patient's probability, without its sign; nil without patients.
    public let meanChange, largestChange: Double?
    /// Why there are no predictions; nil where there are.
    public let reason: String?
  }

  /// How far patients' probabilities vary over outlines that were moved, grown and shrunk by at most so many mm.
  public struct Spread: Codable, Equatable, Sendable {
    /// How far at most.
    public let millimetres: Double
    /// How many patients were predicted by all of them.
    public let patients: Int
    /// The median and the largest over patients of the standard deviation of a patient's probability.
    public let medianDeviation, largestDeviation: Double?
    /// The median and the largest over patients of the range of a patient's probability.
    public let medianRange, largestRange: Double?
    /// The share of patients whose class changes by at least one of them.
    public let flips: Stated
    /// The outlines that take no part, because there are no predictions by them.
    public let missing: [String]
  }

  /// The run's name.
  public let run: String
  /// By outlines.
  public let variants: [Variant]
  /// By distance.
  public let spreads: [Spread]

  /// The predictions by some outlines, or why there are none.
  public typealias Asked = (choice: OutlineChoice, predictions: Result<[Prediction], any Error>)

  /// Compares predictions by other outlines with the run's own.
  ///
  /// - Throws: `StudyError` where the run is damaged.
  public init(_ run: Run, _ asked: [Asked]) throws(StudyError) {
    let content = try RunContent(run)
    let own = PatientProbabilities(content)
    let found = asked.map { choice, predictions in
      (choice, predictions.map { LevelCases($0, content.settings.evaluation).patient })
    }
    self.run = run.id
    variants = found.map { Variant($0, $1, own) }
    let distances = Set(found.compactMap { $0.0.millimetres }).sorted()
    spreads = distances.map { distance in
      let within = found.filter { ($0.0.millimetres ?? .infinity) <= distance }
      let predicted = within.compactMap { choice, cases in (try? cases.get()).map { (choice, $0) } }
      return Spread(
        distance, predicted.map(\.1), own,
        missing: within.map(\.0).filter { choice in !predicted.contains { $0.0 == choice } }.map(\.title))
    }
  }
}

extension OutlineChoice {
  /// How far the outlines are from where they were drawn; nil where they are drawn ones.
  var millimetres: Double? {
    switch self {
    case .moved(let right, let down): (right * right + down * down).squareRoot()
    case .grown(let distance): abs(distance)
    case .reader, .majority: nil
    }
  }
}

/// A run's own probabilities of its patients, and the thresholds at which they are decided.
private struct PatientProbabilities {
  let cases: Cases
  let thresholds: [String: Double]
  let places: [String: Int]

  init(_ content: RunContent) {
    cases = content.cases.patient
    let each = content.metrics.thresholds.each(content.cases, .patient)
    thresholds = Dictionary(zip(cases.clusters, each)) { first, _ in first }
    places = Dictionary(zip(cases.clusters, cases.clusters.indices)) { first, _ in first }
  }

  /// The patients with a probability here and there, as cases of each; in one order.
  func common(_ other: Cases) -> (own: Cases, other: Cases) {
    let pairs = other.clusters.indices.compactMap { place -> (Int, Int)? in
      guard let own = places[other.clusters[place]], other.scores[place].isFinite, cases.scores[own].isFinite else {
        return nil
      }
      return (own, place)
    }
    return (cases.picked(pairs.map(\.0)), other.picked(pairs.map(\.1)))
  }

  /// Whether a patient is called high grade.
  func call(_ patient: String, _ probability: Double) -> Bool { probability >= thresholds[patient] ?? 0.5 }
}

extension OutlineEffect.Variant {
  fileprivate init(_ choice: OutlineChoice, _ found: Result<Cases, any Error>, _ own: PatientProbabilities) {
    title = choice.title
    millimetres = choice.millimetres
    let (before, after): (Cases, Cases)
    switch found {
    case .failure(let error):
      reason = "\(error)"
      (before, after) = (Cases(labels: [], scores: []), Cases(labels: [], scores: []))
    case .success(let cases):
      (before, after) = own.common(cases)
      reason = after.count == 0 ? "none of the run's patients has a probability by these outlines" : nil
    }
    patients = after.count
    auc = Stated { () throws(NotEstimable) in try Estimate.area(after) }
    let compared = Result { () throws(NotEstimable) in try AUCComparison.paired(after, before) }
    difference = Stated { () throws(NotEstimable) in
      let paired = try compared.get()
      return Estimate(value: paired.value, interval: paired.interval)
    }
    test = StatedTest(before.isClustered ? "Obuchowski, paired" : "DeLong, paired") { () throws(NotEstimable) in
      (try compared.get().pValue, nil)
    }
    let changes = zip(before.scores, after.scores).map { abs($1 - $0) }
    flipped = after.clusters.indices.count { place in
      own.call(after.clusters[place], after.scores[place]) != own.call(after.clusters[place], before.scores[place])
    }
    flips = .share(flipped, of: after.count)
    meanChange = changes.isEmpty ? nil : changes.reduce(0, +) / Double(changes.count)
    largestChange = changes.max()
  }
}

extension OutlineEffect.Spread {
  fileprivate init(_ distance: Double, _ variants: [Cases], _ own: PatientProbabilities, missing: [String]) {
    millimetres = distance
    self.missing = missing
    let byVariant = variants.map { cases in
      Dictionary(zip(cases.clusters, cases.scores)) { first, _ in first }.filter { $0.value.isFinite }
    }
    var deviations: [Double] = []
    var ranges: [Double] = []
    var flipped = 0
    for (patient, probability) in zip(own.cases.clusters, own.cases.scores) where probability.isFinite {
      let others = byVariant.compactMap { $0[patient] }
      guard !others.isEmpty, others.count == byVariant.count else { continue }
      let all = [probability] + others
      let mean = all.reduce(0, +) / Double(all.count)
      let squares = all.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      deviations.append((squares / Double(all.count - 1)).squareRoot())
      ranges.append((all.max() ?? 0) - (all.min() ?? 0))
      if Set(all.map { own.call(patient, $0) }).count > 1 { flipped += 1 }
    }
    patients = ranges.count
    func median(_ values: [Double]) -> Double? {
      values.isEmpty ? nil : Quantile.value(0.5, ofSorted: values.sorted())
    }
    medianDeviation = median(deviations)
    largestDeviation = deviations.max()
    medianRange = median(ranges)
    largestRange = ranges.max()
    flips = .share(flipped, of: ranges.count)
  }
}

extension Stated {
  /// The share of some patients with Wilson's interval.
  fileprivate static func share(_ count: Int, of all: Int) -> Stated {
    guard let interval = WilsonInterval.of(count, in: all) else {
      return Stated(value: nil, note: "Not estimable: there are no patients.")
    }
    return Stated(value: Double(count) / Double(all), interval: interval)
  }
}
