import Foundation

/// Makes gnuplot's and Graphviz's SVG suitable for use in a page, together with others.
enum InlineSVG {
  static func make(_ source: String, figure: Figure) -> String {
    var svg = source
    // The XML prologue, and what a page's svg does not need or must not name.
    if let start = svg.range(of: "<svg") { svg.removeSubrange(svg.startIndex..<start.lowerBound) }
    for pattern in [
      #"(?s)<!--.*?-->"#,
      #"\sonload="[^"]*""#, #"\sxmlns(:xlink)?="[^"]*""#, #"<title>[^<]*</title>"#, #"<desc>[^<]*</desc>"#,
      #"\sid="gnuplot_[^"]*""#,
      // Marks and filters of gnuplot's own that nothing here uses.
      #"(?s)<filter id='(textbox|greybox)'.*?</filter>"#,
    ] {
      svg = svg.replacingOccurrences(of: pattern, with: "", options: .regularExpression)
    }
    svg = svg.replacingOccurrences(of: "xlink:", with: "")
    // Identifiers are the page's, not the figure's.
    let prefix = "figure-\(figure.name)"
    for (pattern, template) in [
      (#"\bid=(['"])"#, "id=$1\(prefix)-"), (#"\bhref=(['"])#"#, "href=$1#\(prefix)-"),
      (#"url\(#"#, "url(#\(prefix)-"),
    ] {
      svg = svg.replacingOccurrences(of: pattern, with: template, options: .regularExpression)
    }
    let label = "\(prefix)-title \(prefix)-description"
    guard let end = svg.range(of: ">") else { return svg }
    let head = svg[..<end.lowerBound].trimmingCharacters(in: .whitespacesAndNewlines)
    let title = HTML.element("title", ["id": "\(prefix)-title"], HTML(text: figure.title)).markup
    let description = HTML.element("desc", ["id": "\(prefix)-description"], HTML(text: figure.alternative)).markup
    return "\(head) role=\"img\" aria-labelledby=\"\(label)\">\(title)\(description)" + svg[end.upperBound...]
  }
}
