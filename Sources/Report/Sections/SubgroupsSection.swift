import Analysis
import Evaluation
import Foundation
import Experiment
import Study

/// The result in subgroups of the patients.
struct SubgroupsSection: RunSection {
  let id = "subgroups"
  let title = "Subgroups"

  func answers(_ content: RunContent) -> Bool {
    content.analysis.subgroups?.contains { !$0.parts.isEmpty } == true
  }

  func html(_ content: RunContent, figures: URL) -> [HTML] {
    guard let subgroups = content.analysis.subgroups else {
      return [
        .p("This run has no list of its lesions (lesions.json), so it cannot be divided into subgroups.")
      ]
    }
    guard !subgroups.isEmpty else {
      return [.p("The protocol lists no `subgroups`: no subgroup analysis was made.")]
    }
    return [
      .p(
        "An interval within one subgroup says nothing about a difference between subgroups; the tests below each table do. With few patients such a difference is rarely detected: a test that is not significant is inconclusive."
      )
    ] + subgroups.flatMap(Self.html) + [
      .remark(
        "Patient level; for a patient with several lesions, the largest number is used, or all distinct words. Intervals are made as in the result, for fewer patients. A subgroup is included in a test if it has at least five patients of each class. p-values are corrected by Holm's method over the subgroups of this section, separately for each kind of test."
      )
    ]
  }

  private static func html(_ subgroup: SubgroupResult) -> [HTML] {
    let heading = HTML.element("h3", [:], HTML(text: Format.heading(subgroup.name)))
    let missing =
      subgroup.missing > 0
      ? [
        HTML.remark(
          "\(Format.count(subgroup.missing, "patient")) without a value in \(subgroup.column): not included here.")
      ]
      : []
    if let note = subgroup.note { return [heading, .p(HTML(text: note))] + missing }
    let table = HTMLTable(
      caption: "By \(subgroup.name)",
      columns: ["Subgroup", "Patients", "High grade", "AUC", "Sensitivity", "Specificity"],
      rows: subgroup.parts.map { part in
        [
          HTML(text: part.name), "\(part.patients)", "\(part.positives)", Format.cell(part.auc),
          Format.cell(part.sensitivity), Format.cell(part.specificity),
        ]
      })
    let tests = [
      ("Do the AUCs differ", subgroup.heterogeneity),
      ("Does a probability mean the same in each", subgroup.interaction),
    ].compactMap { question, test in test.map { HTML.p(HTML(text: sentence(question, $0))) } }
    return [heading, table.html] + tests
      + HTML.reasons(
        subgroup.parts.flatMap { part in
          part.patients == 0
            ? [(part.name, "No patient belongs to this subgroup.")]
            : [
              ("AUC, \(part.name)", part.auc.note), ("sensitivity, \(part.name)", part.sensitivity.note),
              ("specificity, \(part.name)", part.specificity.note),
            ]
        }) + missing
  }

  private static func sentence(_ question: String, _ test: StatedTest) -> String {
    guard let pValue = test.pValue else { return "\(question)? \(test.note ?? "It can't be tested.")" }
    return
      "\(question)? \(Format.pStatement(pValue)), corrected \(Format.pValue(test.adjustedPValue)) (\(test.method))."
      + (test.note.map { " \($0)" } ?? "")
  }
}
