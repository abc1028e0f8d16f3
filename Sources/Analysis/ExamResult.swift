import Evaluation
public import Experiment
public import Foundation
public import Study
public import Support

/// The prediction of one exam: what the run's models say, summed up by lesion and patient.
///
/// The probability of an example, such as a slice, is the mean of the models'. A lesion's and the patient's are made of their examples'
/// as the protocol aggregates them; a model's own is made of its own examples' in the same way.
public struct ExamResult: Encodable, Sendable {
  /// A probability of high grade.
  public struct Estimate: Encodable, Equatable, Sendable {
    /// By all models together, 0...1.
    public let probability: Double
    /// By the model of each fold alone, in the order of `folds`.
    public let byFold: [Double]
    /// What it counts as at the threshold of its level.
    public let gradeClass: GradeClass

    init(_ examples: [ExamScores.Example], _ evaluation: StudyProtocol.Evaluation, threshold: Double) {
      let combine = evaluation.combine
      let probability = combine(examples.map { Aggregate.mean($0.probabilities) })
      byFold = (examples.first?.probabilities.indices ?? 0..<0).map { fold in
        combine(examples.map { $0.probabilities[fold] })
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
    /// Its slices, in their order; nil where the run's examples are not slices.
    public let slices: [Slice]?
  }

  /// What the prediction must not be used for.
  public let notice = "Research software, not a medical device: this must not guide the care of a patient."
  /// The run.
  public let run: String
  /// The run's learner.
  public let learner: String
  /// The run's network and precision, in words; nil where the learner has none.
  public let network: String?
  /// What one probability of a model is of: a slice, a lesion (by its slices or features), or the patient.
  public let unit: StudyProtocol.ExampleKind
  /// Whether the run was trained on synthetic images.
  public let isTrainedOnSyntheticData: Bool
  /// The folds whose models were used, from 1.
  public let folds: [Int]
  /// The probabilities from which on something counts as high grade.
  public let thresholds: ExamThresholds
  /// How examples make a lesion and a patient.
  public let aggregation: StudyProtocol.Evaluation.Aggregation
  /// What a reader must know.
  public let notes: [String]
  /// The patient: the aggregate of all examples.
  public let patient: Estimate
  /// The lesions; none where the example is the patient.
  public let lesions: [Lesion]

  /// Sums up the scores by the run's protocol, and decides at thresholds from the run's own `predictions`.
  public init(
    _ scores: ExamScores, runID: String, settings: StudyProtocol, manifest: Run.Manifest, predictions: [Prediction]
  ) {
    run = runID
    learner = manifest.learner.learner
    network = manifest.learner.network.map { network in
      "\(network.backbone), frozen through \(network.frozenThrough ?? "nothing"), "
        + "\(settings.training?.precision.rawValue ?? "double precision")"
    }
    unit = scores.unit
    isTrainedOnSyntheticData = manifest.synthetic
    folds = scores.folds.map { $0 + 1 }
    let thresholds = ExamThresholds(predictions, settings.evaluation)
    self.thresholds = thresholds
    aggregation = settings.evaluation.aggregation
    notes =
      (manifest.synthetic
        ? ["The run was trained on virtual patients: its probabilities say nothing about a real patient."] : [])
      + manifest.notes + scores.notes
    patient = Estimate(scores.examples, settings.evaluation, threshold: thresholds.patient)
    var names: [String] = []
    for example in scores.examples where !example.lesion.isEmpty && !names.contains(example.lesion) {
      names.append(example.lesion)
    }
    lesions = names.map { name in
      let examples = scores.examples.filter { $0.lesion == name }
      let slices = examples.compactMap { example in
        example.number.map { number in
          Lesion.Slice(
            slice: example.slice, number: number,
            estimate: Estimate([example], settings.evaluation, threshold: thresholds.slice))
        }
      }
      return Lesion(
        name: name, estimate: Estimate(examples, settings.evaluation, threshold: thresholds.lesion),
        slices: scores.unit == .slice ? slices : nil)
    }
  }

  /// Writes the prediction as indented JSON.
  ///
  /// - Throws: `StudyError` where the file cannot be written.
  public func write(to url: URL) throws(StudyError) { try AtomicFile.writeJSON(self, to: url) }
}
