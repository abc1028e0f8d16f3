import Analysis
import Evaluation
import Foundation
import Experiment
import Study

/// The result in parts of the patients.
struct SubgroupsSection: RunSection {
  let id = "subgroups"
  let title = "Subgroups"

  func answers(_ content: RunContent) -> Bool {
    content.analysis.subgroups?.contains { !$0.parts.isEmpty } == true
  }

  func html(_ content: RunContent, figures: URL) -> [HTML] {
    guard let subgroups = content.analysis.subgroups else {
      return [
        .p("This run keeps no list of its lesions (lesions.json), so it cannot be divided into subgroups.")
      ]
    }
    guard !subgroups.isEmpty else {
      return [.p("The protocol names no `subgroups`: the result was not looked at in parts.")]
    }
    return [
      .p(
        "An interval within one part says nothing about a difference between parts; the tests below each table do. Few patients rarely show one: a test that is not significant is inconclusive."
      )
    ] + subgroups.flatMap(Self.html) + [
      .remark(
        "Patient level; a patient with several lesions counts with the largest number, and with all words that its lesions have. Intervals as in the result, for fewer patients. A part takes part in a test with at least five patients of each class. p-values by Holm's correction over the subgroups of this section, each kind of test by itself."
      )
    ]
  }

  private static func html(_ subgroup: SubgroupResult) -> [HTML] {
    let heading = HTML.element("h3", [:], HTML(text: Format.heading(subgroup.name)))
    let missing =
      subgroup.missing > 0
      ? [
        HTML.remark(
          "\(Format.count(subgroup.missing, "patient")) without a value in \(subgroup.column): left out here.")
      ]
      : []
    if let note = subgroup.note { return [heading, .p(HTML(text: note))] + missing }
    let table = HTMLTable(
      caption: "By \(subgroup.name)",
      columns: ["Part", "Patients", "High grade", "AUC", "Sensitivity", "Specificity"],
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
            ? [(part.name, "No patient belongs to this part.")]
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
