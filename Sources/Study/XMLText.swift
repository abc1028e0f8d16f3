import Foundation

extension String {
  /// The text as XML and HTML hold it: what has a meaning there is escaped, and what XML does not allow at all is replaced.
  public var xmlEscaped: String {
    var result = ""
    for scalar in unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\n", "\t": result.unicodeScalars.append(scalar)
      case _ where scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value): result += "\u{FFFD}"
      case "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// The text that `xmlEscaped` was made of.
  public var xmlUnescaped: String {
    // The ampersand last: it must not make a new escape with what follows it.
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")].reduce(self) { text, escape in
      text.replacingOccurrences(of: escape.0, with: escape.1)
    }
  }
}
