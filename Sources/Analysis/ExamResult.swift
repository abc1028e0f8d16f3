import Evaluation
public import Experiment
public import Foundation
public import Study
public import Support

/// The prediction of one exam: what its networks say, summed up by lesion and patient.
///
/// A slice's probability is the mean of the networks'. A lesion's and the patient's are made of their slices' as the
/// protocol aggregates them; a network's own is made of its own slices' in the same way.
public struct ExamResult: Encodable, Sendable {
  /// A probability of high grade.
  public struct Estimate: Encodable, Equatable, Sendable {
    /// By all networks together, 0...1.
    public let probability: Double
    /// By each network alone, in the order of `folds`.
    public let byNetwork: [Double]
    /// What it counts as at the threshold of its level.
    public let gradeClass: GradeClass

    init(_ slices: [ExamScores.Slice], _ evaluation: StudyProtocol.Evaluation, threshold: Double) {
      let combine = evaluation.combine
      let probability = combine(slices.map { Aggregate.mean($0.probabilities) })
      byNetwork = (slices.first?.probabilities.indices ?? 0..<0).map { network in
        combine(slices.map { $0.probabilities[network] })
      }
      self.probability = probability
      gradeClass = probability >= threshold ? .high : .low
    }
  }

  /// A lesion and its slices.
  public struct Lesion: Encodable, Sendable {
    /// One slice.
    public struct Slice: Encodable, Sendable {
      /// The slice's SOP instance UID, followed by `#` and the frame where that is not the first (frame 0).
      public let slice: String
      /// The slice's number in its series, from 1.
      public let number: Int
      /// Its probability.
      public let estimate: Estimate
    }

    /// The lesion's label in the contours.
    public let name: String
    /// Its probability.
    public let estimate: Estimate
    /// Its slices, in their order.
    public let slices: [Slice]
  }

  /// What the prediction must not be used for.
  public let notice = "Research software, not a medical device: this must not guide the care of a patient."
  /// The run.
  public let run: String
  /// The run's network and precision, in words.
  public let network: String
  /// Whether the run was trained on synthetic images.
  public let isTrainedOnSyntheticData: Bool
  /// The folds whose networks were asked, from 1.
  public let folds: [Int]
  /// The probabilities from which on something counts as high grade.
  public let thresholds: ExamThresholds
  /// How slices make a lesion and a patient.
  public let aggregation: StudyProtocol.Evaluation.Aggregation
  /// What a reader must know.
  public let notes: [String]
  /// The patient: the aggregate of all slices.
  public let patient: Estimate
  /// The lesions.
  public let lesions: [Lesion]

  /// Sums up the scores by the run's protocol, and decides at thresholds from the run's own `predictions`.
  public init(
    _ scores: ExamScores, runID: String, settings: StudyProtocol, manifest: Run.Manifest, predictions: [Prediction]
  ) {
    run = runID
    network =
      "\(manifest.learner.network?.backbone ?? manifest.learner.learner), frozen through "
      + "\(manifest.learner.network?.frozenThrough ?? "nothing"), "
      + "\(settings.training?.precision.rawValue ?? "double precision")"
    isTrainedOnSyntheticData = manifest.synthetic
    folds = scores.folds.map { $0 + 1 }
    let thresholds = ExamThresholds(predictions, settings.evaluation)
    self.thresholds = thresholds
    aggregation = settings.evaluation.aggregation
    notes =
      (manifest.synthetic
        ? ["The run was trained on virtual patients: its probabilities say nothing about a real patient."] : [])
      + manifest.notes + scores.notes
    patient = Estimate(scores.slices, settings.evaluation, threshold: thresholds.patient)
    var names: [String] = []
    for slice in scores.slices where !names.contains(slice.lesion) { names.append(slice.lesion) }
    lesions = names.map { name in
      let slices = scores.slices.filter { $0.lesion == name }
      return Lesion(
        name: name, estimate: Estimate(slices, settings.evaluation, threshold: thresholds.lesion),
        slices: slices.map {
          Lesion.Slice(
            slice: $0.slice, number: $0.number,
            estimate: Estimate([$0], settings.evaluation, threshold: thresholds.slice))
        })
    }
  }

  /// Writes the prediction as indented JSON.
  ///
  /// - Throws: `StudyError` where the file cannot be written.
  public func write(to url: URL) throws(StudyError) { try AtomicFile.writeJSON(self, to: url) }
}
