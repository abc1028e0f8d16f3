import Evaluation
import Foundation
import Study

/// Whether the phases that lesions lack tell their grade: then a model that sees which are there can learn that and no image.
enum MissingPhases {
  /// A sentence on each phase that some lesions lack, with the AUC of its absence alone.
  static func notes(_ examples: [Example], _ inputs: StudyProtocol.Inputs) -> [String] {
    let consequence = inputs.fusion == .early ? "its channel is zero there." : "what they have is pooled without it."
    return inputs.phases.compactMap { phase in
      let isMissing = examples.map { !$0.phases.contains(phase) }
      let count = isMissing.count { $0 }
      guard count > 0 else { return nil }
      let start =
        "\(count) of \(examples.count) lesions have no outlined slice in the \(phase.name) phase; \(consequence)"
      let cases = Cases(
        labels: examples.map { $0.gradeClass == .high }, scores: isMissing.map { $0 ? 1 : 0 },
        clusters: examples.map(\.patient))
      guard let auc = ROCCurve(cases)?.auc else { return start }
      func text(_ value: Double) -> String { String(format: "%.2f", value) }
      let interval = AUCInterval.standard(cases).map { " (95% CI \(text($0.lower)) to \(text($0.upper)))" } ?? ""
      return
        "\(start) Its absence alone predicts high grade with an AUC of \(text(auc))\(interval); 0.50 is chance."
    }
  }
}
