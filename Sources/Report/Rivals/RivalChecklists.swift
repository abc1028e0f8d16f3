import Analysis

/// What checklists for radiomics ask, and which rivals' reports answer it.
enum RivalChecklists {
  static let blank = "not reported"

  static func html(_ result: RivalsResult, _ runs: [RunContent]) -> [HTML] {
    let answered = zip(result.entries, runs).map { entry, content in
      (name: entry.name, sections: Set(RunPage.sections.filter { $0.answers(content) }.map(\.id)))
    }
    let introduction =
      "The items are paraphrased briefly; the publications contain the full wording. An item counts as addressed where this "
      + "page or a section of the rival's own report answers it or contains what an answer needs; whether this is sufficient is "
      + "for the authors to judge. Items that only the authors can answer are not reported."
    let reports = result.entries.map { entry in
      // No link: a page must hold what it shows, wherever it is copied to.
      HTML.element("li", [:], HTML(text: "\(entry.name): `runs/\(entry.run)/report.html`"))
    }
    return [
      .p(HTML(text: introduction)), .p("The rivals' own reports, in the study's folder:"), .element("ul", [:], reports),
    ]
      + Checklist.ofRivals.flatMap { table($0, answered) }
  }

  private static func table(_ checklist: Checklist, _ rivals: [(name: String, sections: Set<String>)]) -> [HTML] {
    let titles = Dictionary(RunPage.sections.map { ($0.id, $0.title) }) { first, _ in first }
    let places = checklist.items.map { item in place(of: item, rivals, titles) }
    let rows = zip(checklist.items, places).map { item, place -> [HTML] in
      [
        HTML(text: item.number), HTML(text: item.part), HTML(text: item.topic),
      ] + (checklist.isWeighted ? [HTML(text: item.weight ?? "–")] : []) + [
        place.map { HTML(text: $0) } ?? .element("em", [:], HTML(text: blank))
      ]
    }
    let count = places.count { $0 != nil }
    return [
      .element("h3", [:], HTML(text: checklist.name)),
      .p(
        HTML(
          text:
            "\(checklist.source). \(count) of \(checklist.items.count) items are addressed; the others are not reported."
        )),
      HTMLTable(
        caption: "\(checklist.name): items and where they are answered",
        columns: ["Item", "Part", "What it asks for"] + (checklist.isWeighted ? ["Weight"] : []) + ["Where answered"],
        rows: rows, isNumeric: false
      ).html,
    ]
  }

  /// Where an item is answered, and by which rivals; nil where it is not.
  private static func place(
    of item: Checklist.Item, _ rivals: [(name: String, sections: Set<String>)], _ titles: [String: String]
  ) -> String? {
    let own = item.sections.contains(Checklist.comparison) ? ["this page"] : []
    let sections = item.sections.compactMap { section -> String? in
      let names = rivals.filter { $0.sections.contains(section) }.map(\.name)
      guard let title = titles[section], !names.isEmpty else { return nil }
      return "\(title) (\(names.count == rivals.count ? "all rivals" : names.joined(separator: ", ")))"
    }
    let places = own + sections
    return places.isEmpty ? nil : places.joined(separator: "; ")
  }
}
