import Analysis
import Foundation
import Experiment
import Study

/// The checklists that journals ask for, with links to where this report answers their items.
struct ChecklistsSection: RunSection {
  let id = "checklists"
  let title = "Checklists"

  static let blank = "to be written by the authors"

  func html(_ content: RunContent, figures: URL) -> [HTML] {
    let answering = RunPage.sections.filter { $0.answers(content) }
    let titles = Dictionary(answering.map { ($0.id, $0.title) }, uniquingKeysWith: { first, _ in first })
    let introduction =
      "The items are paraphrased briefly; the publications contain the full wording. A link leads to the section of "
      + "this report that answers an item or contains what an answer needs; whether this is sufficient is for the "
      + "authors to judge."
    return [.p(HTML(text: introduction))] + Checklist.all.flatMap { table($0, titles) }
  }

  private func table(_ checklist: Checklist, _ titles: [String: String]) -> [HTML] {
    let rows = checklist.items.map { item -> [HTML] in
      let links = item.sections.compactMap { section in
        titles[section].map { HTML.element("a", ["href": "#\(section)"], HTML(text: $0)) }
      }
      let place =
        links.isEmpty
        ? HTML.element("em", [:], HTML(text: Self.blank)) : HTML.raw(links.map(\.markup).joined(separator: "; "))
      return [HTML(text: item.number), HTML(text: item.part), HTML(text: item.topic), place]
    }
    let answered = checklist.items.count { $0.sections.contains { titles[$0] != nil } }
    return [
      .element("h3", [:], HTML(text: checklist.name)),
      .p(
        HTML(
          text:
            "\(checklist.source). \(answered) of \(checklist.items.count) items are addressed in this report; the "
            + "others are blank.")),
      HTMLTable(
        caption: "\(checklist.name): items and where they are answered",
        columns: ["Item", "Part", "What it asks for", "Where answered"], rows: rows, isNumeric: false
      ).html,
    ]
  }
}
