import Analysis
import Cohort
import Foundation
import Experiment
import Study
import Support

/// The selection of patients: flow diagram, subtypes of all tumours, and tables that describe the cohort by grade
/// class.
struct SelectionSection: RunSection {
  let id = "selection"
  let title = "Selection of patients, and who they are"

  func answers(_ content: RunContent) -> Bool { content.cohort != nil }

  func html(_ content: RunContent, figures: URL) throws(StudyError) -> [HTML] {
    guard let cohort = content.cohort else {
      return [
        .p(
          "This run has no record of patient selection: `renalgrade cohort select` selects patients before the run, by the rules in the protocol's `cohort` section."
        )
      ]
    }
    let subtypes = try Figure.subtypes(cohort.subtypes)?.draw(in: figures)
    return try [flow(cohort.flow, in: figures)]
      + [subtypes?.besideCaption ?? .p("No tumour has a clinical record, so no subtypes can be shown.")]
      + cohort.tables.flatMap(table)
  }

  private func flow(_ flow: SelectionFlow, in folder: URL) throws(StudyError) -> HTML {
    let classes = flow.classes.map { "\(Format.count($0.patients, "patient")) of \($0.name)" }
    let outcome =
      "Of \(Format.count(flow.patientsAtStart, "patient")), \(flow.patientsInStudy) remained: "
      + classes.joined(separator: " and ") + "."
      + (flow.lesionsByClass.map { own in
        " Of their \(Format.count(flow.lesionsInStudy, "lesion")), by their own grade: \(own)."
      } ?? "")
    let figure = Figure(
      name: "flow", title: "Selection of patients",
      alternative: "Flow diagram. \(outcome) "
        + flow.steps.map { "\(Format.heading($0.name)): \($0.excludedPatients) excluded, \($0.patients) remained." }
        .joined(separator: " "),
      caption:
        "\(outcome) Patients who remain are shown downwards; excluded patients are at the side, with the reasons.",
      data: flow.csv, script: flow.dot, size: (0, 0))
    let isDrawn: Bool
    do {
      isDrawn = try flow.write(to: folder)
    } catch {
      throw error as? StudyError ?? StudyError(.file, "\(error)")
    }
    guard isDrawn else {
      return .element(
        "figure", [:], .element("pre", ["tabindex": "0"], HTML(text: flow.text)),
        .element(
          "figcaption", [:],
          "\(outcome) Graphviz (Debian: apt install graphviz), which draws this as a diagram, was not on the PATH."))
    }
    try UndatedPDF.rewrite(folder.appendingPathComponent("flow.pdf"))
    return try figure.drawn(in: folder).inOwnSize
  }

  private func table(_ table: CohortDescription.Table) -> [HTML] {
    guard table.contradiction == nil else {
      return [.element("p", ["class": "remark"], HTML(text: table.contradiction ?? ""))]
    }
    return [
      HTMLTable(
        caption: table.title, columns: ["Variable"] + table.header.dropFirst(),
        rows: table.rows.map { row in
          let name = HTML(text: row.cells.first ?? "")
          return [.element("span", ["class": row.isVariable ? "variable" : "category"], name)]
            + row.cells.dropFirst().map(HTML.init(text:))
        }
      ).html,
      .element("p", ["class": "remark"], HTML(text: table.notes.joined(separator: " "))),
    ]
  }
}
