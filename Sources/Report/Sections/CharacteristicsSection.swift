import Analysis
import Foundation

/// Who the patients are, by grade class and by fold: whether or not a cohort was selected.
struct CharacteristicsSection: RunSection {
  let id = "characteristics"
  let title = "Characteristics of the patients"

  func answers(_ content: RunContent) -> Bool { content.characteristics != nil }

  func html(_ content: RunContent, figures: URL) -> [HTML] {
    guard let characteristics = content.characteristics else {
      return [.p("This run has no record of its lesions, so its patients cannot be described.")]
    }
    let groups = characteristics.groups
    let rows = characteristics.variables.flatMap { variable in
      [[Self.span("variable", Format.heading(variable.name))] + groups.map { _ in HTML(text: "") }]
        + variable.rows.map { row in [Self.span("category", row.name)] + row.cells.map { HTML(text: $0) } }
    }
    let table = HTMLTable(
      caption: "Patients by grade class, and by the fold that held them out",
      columns: ["Variable"] + groups.map { "\(Format.heading($0.name)) (n = \($0.patients.count))" }, rows: rows,
      isNumeric: false)
    let leftOut = characteristics.leftOut
    return [
      .p(
        "From the pathology table and the images, as recorded by the run. For a patient with several lesions, the largest number is used, or all distinct words."
      ), table.html,
    ]
      + (leftOut.isEmpty
        ? [] : [.remark("Not shown, because they have too many different values: \(leftOut.joined(separator: ", ")).")])
  }

  private static func span(_ kind: String, _ text: String) -> HTML {
    .element("span", ["class": kind], HTML(text: text))
  }
}
