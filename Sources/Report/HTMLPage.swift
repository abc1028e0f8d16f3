/// A complete, self-contained page.
struct HTMLPage {
  var title: String
  /// The small line above the title.
  var kicker: String
  /// The line below the title.
  var subtitle: String
  /// Sentences that must not be overlooked.
  var banners: [String]
  var sections: [Section]

  struct Section {
    var id: String
    var title: String
    var content: [HTML]
  }

  static let researchUse = "Research use only. Not a medical device: nothing here may guide the care of a patient."

  var markup: String {
    let banners = banners.map { HTML.element("p", ["class": "banner", "role": "note"], HTML(text: $0)) }
    let links = sections.map { HTML.element("li", [:], .element("a", ["href": "#\($0.id)"], HTML(text: $0.title))) }
    let body = sections.map { section in
      HTML.element(
        "section", ["id": section.id, "aria-labelledby": "\(section.id)-title"],
        [.element("h2", ["id": "\(section.id)-title"], HTML(text: section.title))] + section.content)
    }
    let page = HTML.element(
      "html", ["lang": "en"],
      .element(
        "head", [:],
        .void("meta", ["charset": "utf-8"]),
        .void("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"]),
        .element("title", [:], HTML(text: title)),
        .element("style", [:], .raw(stylesheet))),
      .element(
        "body", [:],
        .element(
          "header", [:],
          [
            .element("p", ["class": "kicker"], HTML(text: kicker)), .element("h1", [:], HTML(text: title)),
            .element("p", ["class": "subtitle"], HTML(text: subtitle)),
          ] + banners + [.element("nav", ["aria-label": "Contents"], .element("ol", [:], links))]),
        .element("main", [:], body),
        .element("footer", [:], .p(.element("strong", [:], HTML(text: Self.researchUse))))))
    return "<!DOCTYPE html>\n\(page.markup)\n"
  }
}
