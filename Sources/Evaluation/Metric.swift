/// A measure of a result: what it is called, and how its value and its interval follow from the cases.
///
/// This file is the one place where a metric is named: `metrics.json` and the tables of the reports go through these lists.
public struct Metric: Sendable {
  /// Its key in `metrics.json`; that of its interval is `<key>Interval`.
  public let key: String
  /// Its name within a sentence.
  public let name: String
  /// Its value; nil where it is undefined.
  let value: @Sendable (DecidedCases) -> Double?
  /// Its 95% interval; no function where the metric is stated without one.
  let interval: (@Sendable (DecidedCases) -> Interval?)?

  private init(
    _ key: String, _ name: String, interval: (@Sendable (DecidedCases) -> Interval?)? = nil,
    value: @escaping @Sendable (DecidedCases) -> Double?
  ) {
    self.key = key
    self.name = name
    self.value = value
    self.interval = interval
  }

  /// The area under the ROC curve, with `AUCInterval.standard`.
  public static let auc = Metric("auc", "AUC", interval: { AUCInterval.standard($0.cases) }) {
    ROCCurve($0.cases)?.auc
  }
  /// The share of positives called positive.
  public static let sensitivity = Metric("sensitivity", "sensitivity", interval: { $0.wilson { $0 } }) {
    $0.matrix.sensitivity
  }
  /// The share of negatives called negative.
  public static let specificity = Metric("specificity", "specificity", interval: { $0.wilson { !$0 } }) {
    $0.matrix.specificity
  }
  /// The share of cases called rightly.
  public static let accuracy = Metric("accuracy", "accuracy", interval: { $0.wilson { _ in true } }) {
    $0.matrix.accuracy
  }

  /// What a report states first.
  public static let headline = [auc, sensitivity, specificity, accuracy]

  /// What a report states besides; a new metric is a new entry here.
  public static let further = [
    Metric("ppv", "PPV", interval: { $0.wilson(called: true) }) { $0.matrix.positivePredictiveValue },
    Metric("npv", "NPV", interval: { $0.wilson(called: false) }) { $0.matrix.negativePredictiveValue },
    Metric("f1", "F1", interval: { $0.ofF1 }) { $0.matrix.f1 },
    Metric("balancedAccuracy", "balanced accuracy", interval: { $0.ofBalancedAccuracy }) {
      $0.matrix.balancedAccuracy
    },
    Metric("mcc", "MCC", interval: { $0.ofMatthewsCorrelation }) { $0.matrix.matthewsCorrelation },
  ]

  /// All of them.
  public static let all = headline + further
}

/// Cases whose scores are finite numbers, and what each is called.
struct DecidedCases {
  let cases: Cases
  /// One a case; true is the positive class.
  let calls: [Bool]
  let matrix: ConfusionMatrix

  init(_ cases: Cases, threshold: Double) {
    self.init(cases, calls: cases.scores.map { $0 >= threshold })
  }

  init(_ cases: Cases, calls: [Bool]) {
    self.cases = cases
    self.calls = calls
    matrix = ConfusionMatrix(labels: cases.labels, calls: calls)
  }

  /// Wilson's interval of the share of right decisions among the cases whose truth `isCounted`.
  ///
  /// At a clustered level it takes the effective sample size.
  func wilson(where isCounted: (Bool) -> Bool) -> Interval? {
    wilson(cases.labels.indices.filter { isCounted(cases.labels[$0]) })
  }

  /// Wilson's interval of the share of right decisions among the cases that are `called` so.
  func wilson(called: Bool) -> Interval? {
    wilson(calls.indices.filter { calls[$0] == called })
  }

  /// Wilson's interval of the share of right decisions among some of the cases, by their places.
  func wilson(_ counted: [Int]) -> Interval? {
    WilsonInterval.of(
      counted.map { cases.labels[$0] == calls[$0] }, clusters: counted.map { cases.clusters[$0] })
  }
}
