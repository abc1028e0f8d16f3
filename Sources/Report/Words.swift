public import Analysis
import Evaluation
public import Experiment
public import Study

extension Level {
  /// The plural of its name.
  var plural: String { rawValue + "s" }
}

extension RunContent {
  /// What a fold's fitted model is called.
  var model: String { manifest.learner.network == nil ? "model" : "network" }

  /// Whether the examples are slices, or made of some.
  var hasSlices: Bool { manifest.examples.hasSlices }

  /// How many patients, lesions and slices the results are of, as far as the examples tell them apart.
  var sizes: String {
    let pooled = metrics.pooled
    let parts = levels.dropFirst().map { Format.count(pooled[$0].n, $0.rawValue) }
    return Format.count(pooled.patient.n, "patient")
      + (parts.isEmpty ? "" : " with " + parts.joined(separator: " and "))
  }
}

extension RunMetrics {
  /// The patient-level result in a sentence, for a terminal.
  public var headline: String {
    let patient = pooled.patient
    let text = Metric.headline.map { "\($0.name) \(Format.text(patient[$0]))" }
    return "Patient level, \(patient.n) patients (\(patient.positives) high grade): \(text.joined(separator: ", "))."
      + (Precision.reversal(patient[.auc].interval, of: "model").map { " \($0)" } ?? "")
      + (patient.note.map { " \($0)" } ?? "")
  }
}

extension PatientAUC {
  /// The AUC in words.
  public static func text(_ predictions: [Prediction], _ evaluation: StudyProtocol.Evaluation) -> String {
    value(predictions, evaluation).map { Format.number($0) } ?? "undefined: the predictions contain only one class"
  }
}

extension StudyProtocol.Evaluation {
  /// The aggregation within a sentence: "the probability of a lesion is ...".
  var aggregationWords: String {
    switch aggregation {
    case .mean: "the mean of its slices'"
    case .maximum: "that of its highest slice"
    case .noisyOr: "one minus the product of its slices' complements"
    case .topK: "the mean of its \(topK ?? 1) highest slices' (of all, where there are fewer)"
    }
  }
}
