import Foundation
import FoundationXML
import Testing

/// A page as an XML parser sees it: its elements, in order.
final class Markup: NSObject, XMLParserDelegate {
  struct Element {
    var name: String
    var attributes: [String: String]
    /// The text within, that of its children included.
    var text = ""
  }

  private(set) var elements: [Element] = []
  private var open: [Int] = []

  init(_ html: String) throws {
    super.init()
    let parser = XMLParser(data: Data(html.replacingOccurrences(of: "<!DOCTYPE html>\n", with: "").utf8))
    parser.delegate = self
    guard parser.parse() else {
      let line = html.split(separator: "\n", omittingEmptySubsequences: false).dropFirst(parser.lineNumber).first ?? ""
      throw NotWellFormed(
        reason: "\(String(describing: parser.parserError)) at \(parser.lineNumber): \(line.prefix(200))")
    }
  }

  struct NotWellFormed: Error { let reason: String }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    open.append(elements.count)
    elements.append(Element(name: name, attributes: attributes))
  }

  func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
    open.removeLast()
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) {
    for index in open { elements[index].text += string }
  }

  func all(_ name: String) -> [Element] { elements.filter { $0.name == name } }
}

/// What every page must hold to: well-formed, self-contained, accessible.
func expectSound(_ html: String) throws {
  let markup = try Markup(html)
  for fragment in ["http://", "https://", "<script", "<link", "@import", "xlink", "javascript:", "onload", "onclick"] {
    #expect(!html.contains(fragment), "\(fragment)")
  }
  // A value that was not made for readers.
  for fragment in ["Optional(", "GRDB", "nil)", "Double(", "p = &lt;"] {
    #expect(!html.contains(fragment), "\(fragment)")
  }
  // Code is set as code: no backtick is left for a reader, but in the protocol's and the commands' own text.
  for element in markup.all("p") + markup.all("li") + markup.all("td") {
    #expect(!element.text.contains("`"), "\(element.text)")
  }
  let identifiers = markup.elements.compactMap { $0.attributes["id"] }
  #expect(Set(identifiers).count == identifiers.count)
  for element in markup.elements {
    for key in ["href", "src"] {
      guard let target = element.attributes[key] else { continue }
      let isInside = target.hasPrefix("#") && identifiers.contains(String(target.dropFirst()))
      let isPicture = ["data:image/png;base64,", "data:image/svg+xml;base64,"].contains { target.hasPrefix($0) }
      #expect(isInside || isPicture, "\(target.prefix(60))")
    }
  }
  for image in markup.all("img") { #expect(image.attributes["alt"]?.isEmpty == false) }
  for svg in markup.all("svg") {
    #expect(svg.attributes["role"] == "img")
    let labels = (svg.attributes["aria-labelledby"] ?? "").split(separator: " ").map(String.init)
    #expect(labels.count == 2)
    for label in labels {
      #expect(markup.elements.contains { $0.attributes["id"] == label && !$0.text.isEmpty }, "\(label)")
    }
  }
  #expect(markup.all("caption").count == markup.all("table").count)
  #expect(markup.all("th").allSatisfy { ["row", "col"].contains($0.attributes["scope"]) })
  #expect(markup.all("html").first?.attributes["lang"] == "en")
  #expect(html.contains("Not a medical device"))
}
