public import Analysis
import Experiment
import Study

extension ExamResult {
  /// The prediction for a terminal, without a line feed at the end.
  public var text: String {
    let count = lesions.reduce(0) { $0 + $1.slices.count }
    var lines = [
      notice.uppercased(), "",
      "Probability of high grade (Fuhrman/ISUP 3-4): \(patient.text)",
      "At \(thresholds.words), this is classified as \(patient.gradeClass.rawValue) grade; "
        + "\(Format.count(count, "slice")) of \(Format.count(lesions.count, "lesion")), aggregated by \(aggregation.words).",
      "",
    ]
    for lesion in lesions {
      lines.append("Lesion \(lesion.name): \(lesion.estimate.text), \(lesion.estimate.gradeClass.rawValue) grade")
      lines += lesion.slices.map { "  slice \($0.number): \($0.estimate.text)" }
    }
    let names = folds.map(String.init).joined(separator: ", ")
    lines += [
      "",
      "Run \(run) (\(network)); the mean of \(Format.count(folds.count, "network")), of fold\(folds.count == 1 ? "" : "s") "
        + "\(names).",
    ]
    lines += notes.map { "NOTE: \($0)" }
    return lines.joined(separator: "\n")
  }
}

extension ExamResult.Estimate {
  /// The probability, and the range over the networks.
  var text: String {
    let value = Format.number(probability)
    guard byNetwork.count > 1, let least = byNetwork.min(), let greatest = byNetwork.max() else { return value }
    return "\(value) (networks \(Format.number(least)) to \(Format.number(greatest)))"
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
