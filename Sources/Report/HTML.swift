import Study

/// A piece of HTML that is also well-formed XML.
///
/// A string literal, with whatever is interpolated into it, is text and is escaped; only elements make markup.
struct HTML: ExpressibleByStringInterpolation, Sendable {
  let markup: String

  init(stringLiteral text: String) { self.init(text: text) }

  init(text: String) { markup = text.xmlEscaped }

  private init(markup: String) { self.markup = markup }

  /// Markup from a trusted source: a figure that we drew ourselves.
  static func raw(_ markup: String) -> HTML { HTML(markup: markup) }

  /// An element around `children`; in running text, what stands between backticks is set as code.
  static func element(_ name: String, _ attributes: KeyValuePairs<String, String> = [:], _ children: [HTML]) -> HTML {
    let open = attributes.reduce(name) { $0 + " \($1.key)=\"\($1.value.xmlEscaped)\"" }
    let content = children.map(\.markup).joined()
    let shown =
      ["p", "li", "td"].contains(name) ? content.replacing(/`([^`<]+)`/) { "<code>\($0.output.1)</code>" } : content
    return HTML(markup: "<\(open)>" + shown + "</\(name)>")
  }

  /// An element around `children`.
  static func element(_ name: String, _ attributes: KeyValuePairs<String, String> = [:], _ children: HTML...) -> HTML {
    element(name, attributes, children)
  }

  /// An element that has no content, such as `meta`.
  static func void(_ name: String, _ attributes: KeyValuePairs<String, String>) -> HTML {
    HTML(markup: "<" + attributes.reduce(name) { $0 + " \($1.key)=\"\($1.value.xmlEscaped)\"" } + "/>")
  }

  /// A paragraph.
  static func p(_ content: HTML...) -> HTML { element("p", [:], content) }
}

/// A table with a caption, a header row, and a header in the first cell of every row.
struct HTMLTable {
  var caption: String
  var columns: [String]
  var rows: [[HTML]]
  /// Whether the cells after the leading ones are numbers, to be set flush right.
  var isNumeric = true
  /// How many columns from the left hold words even so.
  var leadingColumns = 1

  var html: HTML {
    let head = columns.enumerated().map { index, column in
      HTML.element("th", ["scope": "col", "role": "columnheader", "class": kind(index)], HTML(text: column))
    }
    let body = rows.map { row in
      HTML.element(
        "tr", ["role": "row"],
        row.enumerated().map { index, cell in
          // On a narrow screen each cell carries its column's name, as the header row is not there.
          index == 0
            ? .element("th", ["scope": "row", "role": "rowheader"], cell)
            : .element("td", ["role": "cell", "data-column": columns[index], "class": kind(index)], cell)
        })
    }
    // The roles keep it a table for a screen reader where the style sheet lays its cells out otherwise.
    let table = HTML.element(
      "table", ["role": "table", "class": isNumeric ? (rows.count > 12 ? "numbers long" : "numbers") : "words"],
      .element("caption", [:], HTML(text: caption)),
      .element("thead", ["role": "rowgroup"], .element("tr", ["role": "row"], head)),
      .element("tbody", ["role": "rowgroup"], body))
    // What is wider than the page scrolls on its own, by keyboard too.
    return .element("div", ["class": "scroll", "tabindex": "0", "role": "group", "aria-label": caption], table)
  }

  private func kind(_ column: Int) -> String { isNumeric && column >= leadingColumns ? "number" : "word" }
}
