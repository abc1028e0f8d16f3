import Analysis
import Evaluation
import Foundation
import Experiment
import Study

/// The thresholds between the classes, and how they were chosen.
struct ThresholdsSection: RunSection {
  let id = "thresholds"
  let title = "Thresholds"

  func html(_ content: RunContent, figures: URL) -> [HTML] {
    let thresholds = content.metrics.thresholds
    let folds = content.folds.heldOut.indices
    let table = HTMLTable(
      caption: "The threshold of each fold", columns: ["Level"] + folds.map { "Fold \($0 + 1)" },
      rows: content.levels.map { level in
        [HTML(text: Format.heading(level.plural))]
          + folds.map { HTML(text: Format.number(thresholds[level].thresholds[$0], decimals: 3)) }
      })
    let alternatives = content.analysis.thresholdRules
    let metrics = [Metric.sensitivity, .specificity, .accuracy]
    let rules = HTMLTable(
      caption: "Result of each rule at patient level, with thresholds chosen on the other folds",
      columns: ["Rule", "n"] + MetricColumns.headings(metrics),
      rows: alternatives.map { alternative in
        [HTML(text: Self.name(alternative.rule, thresholds)), "\(alternative.result.n)"]
          + MetricColumns.cells(alternative.result, metrics)
      })
    let sentence = Self.sentence(content.settings.evaluation, protocolIsUnchanged: content.protocolIsUnchanged)
    return [.p(HTML(text: sentence)), table.html]
      + HTML.reasons(content.levels.flatMap { level in thresholds[level].notes.map { (level.plural, $0) } })
      + [
        rules.html,
        .remark(
          "The rules are shown for comparison, not for choosing among them: the best of them, picked here, would be optimistic."
        ),
      ] + HTML.reasons(alternatives.map { (Self.name($0.rule, thresholds), $0.result.note) })
  }

  static func name(
    _ rule: StudyProtocol.Evaluation.ThresholdRule, _ thresholds: ThresholdAnalysis
  ) -> String {
    switch rule {
    case .fixed: "Stated, \(Format.number(thresholds.stated))"
    case .youden: "Youden"
    case .fixedSensitivity: "Sensitivity of \(Format.number(thresholds.targetSensitivity)) or more"
    }
  }

  /// How the threshold came about; that it was fixed beforehand is said only where the protocol is known to be the run's.
  static func sentence(_ evaluation: StudyProtocol.Evaluation, protocolIsUnchanged: Bool?) -> String {
    let crossFitted =
      "It is chosen without the fold that it is applied to: for each fold, from the out-of-fold predictions of the "
      + "other folds' patients. The models that made those predictions have seen this fold's patients in training; "
      + "the choice itself has not."
    switch evaluation.thresholdRule ?? .fixed {
    case .fixed:
      let origin =
        switch protocolIsUnchanged {
        case true:
          "fixed in the protocol before the run: the SHA-256 of the protocol, recorded when the run was made, is unchanged."
        case false:
          "as the run's protocol.yaml now states. That file has been changed since the run was made, so the "
            + "threshold may have been chosen by the results."
        case nil: "as the protocol states; whether this was so before the run is not recorded."
        }
      return "A case is called high grade at a probability of \(Format.number(evaluation.threshold)) or more, \(origin)"
    case .youden:
      return "The threshold is the one with the greatest sum of sensitivity and specificity (Youden). \(crossFitted)"
    case .fixedSensitivity:
      return "The threshold is the highest one with a sensitivity of "
        + "\(Format.number(evaluation.choiceSensitivity)) or more. \(crossFitted)"
    }
  }
}

extension StudyProtocol.Evaluation {
  /// The sensitivity that `fixedSensitivity` is to reach.
  fileprivate var choiceSensitivity: Double { targetSensitivity ?? Self.usualSensitivity }
}
