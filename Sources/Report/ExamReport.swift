public import Analysis
import Experiment
import Study

extension ExamResult {
  /// The prediction for a terminal, without a line feed at the end.
  public var text: String {
    let model = network == nil ? "model" : "network"
    var lines = [
      notice.uppercased(), "",
      "Probability of high grade (Fuhrman/ISUP 3-4): \(patient.text(model))",
      "At \(thresholds.words), this is classified as \(patient.gradeClass.rawValue) grade; \(basis).",
      "",
    ]
    for lesion in lesions {
      lines.append(
        "Lesion \(lesion.name): \(lesion.estimate.text(model)), \(lesion.estimate.gradeClass.rawValue) grade")
      lines += (lesion.slices ?? []).map { "  slice \($0.number): \($0.estimate.text(model))" }
    }
    if !lesions.isEmpty { lines.append("") }
    let names = folds.map(String.init).joined(separator: ", ")
    lines += [
      "Run \(run) (\(description)); the mean of \(Format.count(folds.count, model)), of fold\(folds.count == 1 ? "" : "s") "
        + "\(names)."
    ]
    lines += notes.map { "NOTE: \($0)" }
    return lines.joined(separator: "\n")
  }

  /// What made the prediction: the network or, where there is none, the learner.
  private var description: String {
    guard let network else { return "learner \(learner)" }
    return learner == StudyProtocol.Model.network ? network : "learner \(learner), \(network)"
  }

  /// What the patient's probability is made of, within a sentence.
  private var basis: String {
    let lesionCount = Format.count(lesions.count, "lesion")
    switch unit {
    case .slice:
      let slices = lesions.reduce(0) { $0 + ($1.slices?.count ?? 0) }
      return "\(Format.count(slices, "slice")) of \(lesionCount), aggregated by \(aggregation.words)"
    case .bag, .volume, .lesionFeatures:
      return lesions.count == 1
        ? "the probability is that of the one lesion as a whole"
        : "\(lesionCount), each with one probability, aggregated by \(aggregation.words)"
    case .patientFeatures: return "the probability is that of the patient as a whole"
    }
  }
}

extension ExamResult.Estimate {
  /// The probability, and the range over the models, which are called `noun`.
  func text(_ noun: String) -> String {
    let value = Format.number(probability)
    guard byFold.count > 1, let least = byFold.min(), let greatest = byFold.max() else { return value }
    return "\(value) (\(noun)s \(Format.number(least)) to \(Format.number(greatest)))"
  }
}

extension StudyProtocol.Evaluation.Aggregation {
  /// The aggregation within a sentence.
  fileprivate var words: String {
    switch self {
    case .mean: "their mean"
    case .maximum: "the highest"
    case .noisyOr: "noisy-or"
    case .topK: "the mean of the highest"
    }
  }
}

extension ExamThresholds {
  /// The patient's threshold within a sentence.
  fileprivate var words: String {
    let number = Format.number(patient)
    switch (rule, isChosen) {
    case (.fixed, _): return "the protocol's threshold of \(number)"
    case (_, false): return "the protocol's threshold of \(number), as the run's predictions allow no choice"
    case (.youden, true):
      return "the threshold of \(number), by Youden's index over all of the run's out-of-fold predictions"
    case (.fixedSensitivity, true):
      return
        "the threshold of \(number), by a sensitivity of \(Format.number(targetSensitivity)) over all of the run's "
        + "out-of-fold predictions"
    }
  }
}
