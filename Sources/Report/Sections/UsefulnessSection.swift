import Analysis
import Evaluation
import Foundation
import Experiment
import Study
import Support

/// The net benefit of acting on the network, and the predictive values of its calls in other populations.
struct UsefulnessSection: RunSection {
  let id = "usefulness"
  let title = "Decision curve and predictive values"

  func html(_ content: RunContent, figures: URL) throws(StudyError) -> [HTML] {
    let decision: HTML
    let curve = Result { () throws(NotEstimable) in try DecisionCurve(content.cases.patient.finite) }
    switch curve {
    case .success(let curve):
      decision =
        try Figure.decision(curve, of: content.model)?.draw(in: figures).besideCaption
        ?? .p("The decision curve has no points.")
    case .failure(let reason): decision = .p(HTML(text: "No decision curve can be drawn. \(reason.description)"))
    }
    let predictive = content.analysis.predictiveValues
    if let note = predictive.note {
      return [decision, .p(HTML(text: "No predictive values can be stated for other shares of high grade. \(note)"))]
    }
    let table = HTMLTable(
      caption: "Predictive values, by the share of high grade among the patients",
      columns: ["Patients", "Share of high grade", "PPV", "NPV"],
      rows: predictive.values.map { value in
        [
          HTML(text: Format.heading(value.name)), HTML(text: Format.number(value.prevalence, decimals: 3)),
          Format.cell(value.positive), Format.cell(value.negative),
        ]
      })
    let figure = try Figure.predictiveValues(content.calledPatients, marks: predictive.values)?.draw(in: figures)
      .besideCaption
    return [decision, table.html]
      + HTML.reasons(
        predictive.values.flatMap { [("PPV, \($0.name)", $0.positive.note), ("NPV, \($0.name)", $0.negative.note)] })
      + [
        .remark(
          "By Bayes' theorem, assuming that sensitivity and specificity do not change; differences in spectrum and referral may well change them. Intervals by MOVER from Wilson's intervals. 0.35 is 14 of 40, which fits the paper's Table 5 (its text says 26 and its heading 16 of the annotated patients); its cohort has 144 of 505."
        ),
        Coverage.remark(
          [("ppvAtShare", "PPV"), ("npvAtShare", "NPV"), ("netBenefit", "net benefit")],
          patients: content.metrics.pooled.patient.clusters),
      ] + [figure].compactMap { $0 }
  }
}
