/// A text of headings, paragraphs and lists, for a page and as Markdown.
struct Document: Equatable {
  enum Block: Equatable {
    case paragraph(String)
    case list([String])
    /// Lines to be typed as they are.
    case code([String])
  }

  struct Part: Equatable {
    var heading: String
    var blocks: [Block]

    init(_ heading: String, _ blocks: [Block]) {
      self.heading = heading
      self.blocks = blocks
    }

    /// One paragraph of sentences; empty ones are omitted.
    init(_ heading: String, sentences: [String]) {
      self.init(heading, [.paragraph(sentences.filter { !$0.isEmpty }.joined(separator: " "))])
    }
  }

  var title: String
  var parts: [Part]

  var html: [HTML] {
    parts.flatMap { part in
      [HTML.element("h3", [:], HTML(text: part.heading))]
        + part.blocks.map { block in
          switch block {
          case .paragraph(let text): .p(HTML(text: text))
          case .list(let items): .element("ul", [:], items.map { .element("li", [:], HTML(text: $0)) })
          case .code(let lines): .element("pre", ["tabindex": "0"], HTML(text: lines.joined(separator: "\n")))
          }
        }
    }
  }

  var markdown: String {
    let parts = parts.map { part in
      let blocks = part.blocks.map { block in
        switch block {
        case .paragraph(let text): Self.escaped(text)
        case .list(let items): items.map { "- " + Self.escaped($0) }.joined(separator: "\n")
        case .code(let lines): (["```sh"] + lines + ["```"]).joined(separator: "\n")
        }
      }
      return (["## \(part.heading)"] + blocks).joined(separator: "\n\n")
    }
    return (["# \(Self.escaped(title))"] + parts).joined(separator: "\n\n") + "\n"
  }

  /// Text in which Markdown's own characters stand for themselves, but for pairs of backticks around code.
  private static func escaped(_ text: String) -> String {
    let parts = text.split(separator: "`", omittingEmptySubsequences: false)
    let isPaired = parts.count % 2 == 1
    return parts.enumerated().map { place, part in
      guard !(isPaired && place % 2 == 1) else { return "`\(part)`" }
      let characters = part.reduce(into: "") { result, character in
        if "\\*_<>|".contains(character) { result.append("\\") }
        result.append(character)
      }
      return place > 0 && !isPaired ? "\\`" + characters : characters
    }.joined()
  }
}

extension Document {
  /// What only people can say; a reader sees that it is missing.
  static func blank(_ what: String) -> String { "[To be written by the authors: \(what).]" }
}
