public import Evaluation
public import Experiment
import Study

/// The performance of baselines that do not use the image, and whether the network is better on the same patients.
public struct BaselineAnalysis: Codable, Equatable, Sendable {
  /// Each patient called by the more frequent class of the other folds.
  public let majority: LevelMetrics
  /// Tumour size alone, as it stands; clinical variables alone, by logistic regression in the run's own folds.
  public let rivals: [Rival]
  /// Why there are no rivals, or not all.
  public let note: String?

  init(_ content: RunContent, _ patients: CrossFitting) {
    let shares = patients.each { (cases) throws(NotEstimable) -> Double in
      guard cases.count > 0 else { throw .noCases }
      return 2 * cases.positives > cases.count ? 1 : 0
    }
    let calls = patients.folds.map { shares.indices.contains($0) ? (try? shares[$0].get()) ?? 0 : 0 }
    majority = LevelMetrics(
      Cases(labels: patients.cases.labels, scores: calls, clusters: patients.cases.clusters), threshold: 0.5)
    guard let baselines = content.baselines else {
      rivals = []
      note =
        content.lesions == nil
        ? "This run has no list of its lesions (lesions.json), so there is nothing to compare the network with."
        : "This run has no baselines (baselines.json): `renalgrade report` computes them."
      return
    }
    rivals = baselines.map { Rival($0, content, patients) }
    note =
      content.settings.baselines?.clinical == nil
      ? "The protocol's `baselines` list no clinical variables: none were compared." : nil
  }

  /// The performance of some columns, compared with the network on the same patients.
  public struct Rival: Codable, Equatable, Sendable {
    /// What it is.
    public let name: String
    /// Its columns.
    public let columns: [String]
    /// How it uses them.
    ///
    /// Where it was fitted in each fold, both sides are ranked within the folds: see `Cases.ranked(within:)`.
    public let method: Run.Baseline.Method
    /// The patients that both are judged on.
    public let patients: Int
    /// Patients without a value or a probability, excluded from both sides.
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

    /// The loss of AUC up to which the network is no worse.
    public static let margin = 0.05

    init(_ baseline: Run.Baseline, _ content: RunContent, _ fitting: CrossFitting) {
      name = baseline.title
      columns = baseline.columns
      method = baseline.method ?? .crossFitted
      let patients = fitting.cases
      let scores = Self.scores(baseline, content)
      let finite = patients.clusters.indices.filter { patients.scores[$0].isFinite }
      let kept = finite.filter { scores.known[patients.clusters[$0]]?.isFinite == true }
      // Where nothing could be fitted, the network stands alone, unless no patient has a value.
      let places = scores.note == nil ? kept : baseline.withoutValue < patients.count ? finite : []
      let folds = places.map { fitting.folds[$0] }
      let isFitted = method == .crossFitted
      func onOneScale(_ cases: Cases) -> Cases { isFitted ? cases.ranked(within: folds) : cases }
      let own = onOneScale(patients.picked(places))
      self.patients = places.count
      leftOut = patients.count - places.count
      network = Stated { () throws(NotEstimable) in try .area(own) }
      if let note = scores.note {
        let missing = Stated(value: nil, note: note)
        (auc, difference, pValue, verdict) = (missing, missing, nil, nil)
        return
      }
      let rival = onOneScale(
        Cases(labels: own.labels, scores: own.clusters.map { scores.known[$0] ?? .nan }, clusters: own.clusters))
      auc = Stated { () throws(NotEstimable) in try .area(rival) }
      do throws(NotEstimable) {
        let found = try AUCComparison.paired(own, rival)
        difference = Stated(value: found.value, interval: found.interval)
        pValue = found.pValue.isFinite ? found.pValue : nil
        verdict = Verdict(found.interval, pValue: found.pValue, margin: Self.margin)
      } catch {
        (difference, pValue, verdict) = (Stated(value: nil, note: error.description), nil, nil)
      }
    }

    /// The score by which patients are ranked, or why there is none.
    private static func scores(
      _ baseline: Run.Baseline, _ content: RunContent
    ) -> (known: [String: Double], note: String?) {
      if baseline.method == .asItStands {
        let attributes = PatientAttributes(content.lesions ?? [])
        let pairs = baseline.columns.prefix(1).flatMap { column in
          Set(content.cases.patient.clusters).compactMap { patient in
            attributes.number(patient, column).map { (patient, $0) }
          }
        }
        return (
          Dictionary(uniqueKeysWithValues: pairs),
          pairs.isEmpty ? NotEstimable.noCases.description : nil
        )
      }
      guard let file = baseline.predictions else { return ([:], baseline.note ?? "It could not be fitted.") }
      do {
        let predictions = try PredictionTable.read(
          try content.run.file(file, namedBy: content.run.baselinesFile.lastPathComponent))
        return (Dictionary(predictions.map { ($0.patient, $0.probability) }) { first, _ in first }, nil)
      } catch {
        return ([:], "Its predictions cannot be read. \(error.description)")
      }
    }
  }
}
