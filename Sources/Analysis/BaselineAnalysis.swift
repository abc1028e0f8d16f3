public import Evaluation
import Experiment
import Study

/// What is reached without looking at the image, and whether the network beats it on the same patients.
public struct BaselineAnalysis: Codable, Equatable, Sendable {
  /// Each patient called by the more frequent class of the other folds.
  public let majority: LevelMetrics
  /// Logistic regressions in the run's own folds: tumour size alone, clinical variables alone.
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
        ? "This run keeps no list of its lesions (lesions.json), so there is nothing to compare the network with."
        : "This run keeps no baselines (baselines.json): `renalgrade report` makes them."
      return
    }
    rivals = baselines.map { Rival($0, content.run, patients.cases) }
    note =
      content.settings.baselines?.clinical == nil
      ? "The protocol's `baselines` name no clinical variables: none were compared." : nil
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

    init(_ baseline: Run.Baseline, _ run: Run, _ patients: Cases) {
      name = baseline.title
      columns = baseline.columns
      let scores = Self.scores(baseline, run)
      let kept = patients.clusters.indices.filter { place in
        patients.scores[place].isFinite && scores.known[patients.clusters[place]]?.isFinite == true
      }
      let own = patients.picked(kept)
      // Where nothing could be fitted, the network stands alone, unless no patient has a value.
      let finite = patients.clusters.indices.filter { patients.scores[$0].isFinite }
      let places = scores.note == nil ? kept : baseline.withoutValue < patients.count ? finite : []
      self.patients = places.count
      leftOut = patients.count - places.count
      func area(_ cases: Cases) throws(NotEstimable) -> Estimate {
        guard let auc = ROCCurve(cases)?.auc else {
          throw cases.count == 0 ? .noCases : .oneClass(isPositive: cases.positives > 0)
        }
        return Estimate(value: auc, interval: AUCInterval.standard(cases))
      }
      network = Stated { () throws(NotEstimable) in try area(patients.picked(places)) }
      if let note = scores.note {
        let missing = Stated(value: nil, note: note)
        (auc, difference, pValue, verdict) = (missing, missing, nil, nil)
        return
      }
      let rival = Cases(
        labels: own.labels, scores: own.clusters.map { scores.known[$0] ?? .nan }, clusters: own.clusters)
      auc = Stated { () throws(NotEstimable) in try area(rival) }
      do throws(NotEstimable) {
        let found = try AUCComparison.paired(own, rival)
        difference = Stated(value: found.value, interval: found.interval)
        pValue = found.pValue.isFinite ? found.pValue : nil
        verdict = Verdict(found.interval, margin: Self.margin)
      } catch {
        (difference, pValue, verdict) = (Stated(value: nil, note: error.description), nil, nil)
      }
    }

    /// The baseline's probability of each patient, or why there are none.
    private static func scores(_ baseline: Run.Baseline, _ run: Run) -> (known: [String: Double], note: String?) {
      guard let file = baseline.predictions else { return ([:], baseline.note ?? "It could not be fitted.") }
      do {
        let predictions = try PredictionTable.read(try run.file(file, namedBy: run.baselinesFile.lastPathComponent))
        return (Dictionary(predictions.map { ($0.patient, $0.probability) }) { first, _ in first }, nil)
      } catch {
        return ([:], "Its predictions cannot be read. \(error.description)")
      }
    }
  }
}
