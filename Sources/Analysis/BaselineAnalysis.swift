public import Evaluation
import Study

/// What is reached without looking at the image, and whether the network beats it on the same patients.
public struct BaselineAnalysis: Codable, Equatable, Sendable {
  /// Each patient called by the more frequent class of the other folds.
  public let majority: LevelMetrics
  /// Logistic regressions in the run's own folds: tumour size alone, clinical variables alone.
  public let rivals: [Rival]
  /// Why there are no rivals, or not all.
  public let note: String?

  init(
    _ baselines: StudyProtocol.Baselines?, _ patients: CrossFitting, _ attributes: PatientAttributes?
  ) {
    let shares = patients.each { (cases) throws(NotEstimable) -> Double in
      guard cases.count > 0 else { throw .noCases }
      return 2 * cases.positives > cases.count ? 1 : 0
    }
    let calls = patients.folds.map { shares.indices.contains($0) ? (try? shares[$0].get()) ?? 0 : 0 }
    majority = LevelMetrics(
      Cases(labels: patients.cases.labels, scores: calls, clusters: patients.cases.clusters), threshold: 0.5)
    guard let attributes else {
      (rivals, note) = (
        [], "This run keeps no list of its lesions (lesions.json), so there is nothing to compare the network with."
      )
      return
    }
    let size = baselines?.size ?? RunLesion.extentColumn
    let asked = [("Tumour size alone", [size]), ("Clinical variables alone", baselines?.clinical)]
    rivals = asked.compactMap { name, columns in columns.map { Rival(name, $0, patients, attributes) } }
    note =
      baselines?.clinical == nil
      ? "The protocol's `baselines` name no clinical variables: none were compared with the network." : nil
  }

  /// A logistic regression on some columns against the network.
  public struct Rival: Codable, Equatable, Sendable {
    /// What it is.
    public let name: String
    /// Its columns.
    public let columns: [String]
    /// The patients that both are judged on.
    public let patients: Int
    /// Patients without a value or a probability, left out of both sides.
    public let leftOut: Int
    /// Its AUC.
    public let auc: Stated
    /// The network's AUC on the same patients.
    public let network: Stated
    /// The network's AUC less the rival's, by the paired method of DeLong.
    public let difference: Stated
    /// The p-value of no difference.
    public let pValue: Double?
    /// Whether the network does better; nil where that can't be said.
    public let verdict: Verdict?

    /// The loss of AUC up to which the network counts as no worse.
    public static let margin = 0.05
    /// The ridge penalty on standardised columns; without one, few patients separate the classes and have no fit.
    static let ridge = 1.0

    init(_ name: String, _ columns: [String], _ patients: CrossFitting, _ attributes: PatientAttributes) {
      self.name = name
      self.columns = columns
      let codes = patients.cases.clusters
      let predictors = columns.map { Predictor($0, codes, attributes) }
      let kept = codes.indices.filter { place in
        patients.cases.scores[place].isFinite && predictors.allSatisfy { $0.values[place] != nil }
      }
      self.patients = kept.count
      leftOut = codes.count - kept.count
      let own = patients.cases.picked(kept)
      func area(_ cases: Cases) throws(NotEstimable) -> Estimate {
        guard let auc = ROCCurve(cases)?.auc else {
          throw cases.count == 0 ? .noCases : .oneClass(isPositive: cases.positives > 0)
        }
        return Estimate(value: auc, interval: AUCInterval.standard(cases))
      }
      let fit = Result { () throws(NotEstimable) -> Cases in
        if let odd = predictors.first(where: { $0.isOverfull }) {
          throw .badSetting("the column \(odd.column) has more than \(Predictor.mostWords) different words")
        }
        guard !kept.isEmpty else { throw .noCases }
        for predictor in predictors where Set(kept.map { predictor.values[$0] }).count == 1 {
          throw .noVariation("the column \(predictor.column) is the same for all of these patients")
        }
        let baseline = try LogisticBaseline(
          rows: kept.map { place in predictors.flatMap { $0.values[place] ?? [] } }, labels: own.labels,
          folds: kept.map { patients.folds[$0] }, ridge: Self.ridge)
        return Cases(labels: own.labels, scores: baseline.probabilities, clusters: own.clusters)
      }
      network = Stated { () throws(NotEstimable) in try area(own) }
      auc = Stated { () throws(NotEstimable) in try area(try fit.get()) }
      let paired = Result { () throws(NotEstimable) in try AUCComparison.paired(own, try fit.get()) }
      switch paired {
      case .success(let found):
        difference = Stated(value: found.value, interval: found.interval)
        pValue = found.pValue.isFinite ? found.pValue : nil
        verdict = Verdict(found.interval, margin: Self.margin)
      case .failure(let reason):
        (difference, pValue, verdict) = (Stated(value: nil, note: reason.description), nil, nil)
      }
    }
  }
}

/// A column as numbers: as it is where all its values are numbers, else one 0 or 1 for each word but the first.
private struct Predictor {
  /// More words than this are free text.
  static let mostWords = 10

  let column: String
  /// One a patient; nil where the patient has no value.
  let values: [[Double]?]
  /// Whether there are too many words.
  let isOverfull: Bool

  init(_ column: String, _ patients: [String], _ attributes: PatientAttributes) {
    self.column = column
    let words = patients.map { attributes.word($0, column) }
    let numbers = patients.map { attributes.number($0, column) }
    if zip(words, numbers).allSatisfy({ $0 == nil || $1 != nil }) {
      values = numbers.map { $0.map { [$0] } }
      isOverfull = false
    } else {
      let others = Set(words.compactMap { $0 }).sorted().dropFirst()
      values = words.map { word in word.map { word in others.map { $0 == word ? 1 : 0 } } }
      isOverfull = others.count >= Self.mostWords
    }
  }
}
