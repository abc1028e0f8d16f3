/// Descriptions, reduced to words that say what was scanned and how (PS3.15 section E.3.4).
enum DescriptorCleaner {
  private static let words = Set(DataTable.lines(PackageResources.descriptor_words_txt))
  private static let units: Set<String> = ["mm", "cm", "s", "sec", "min", "ml", "cc", "kv", "kvp", "kev", "hu", "%"]

  /// The known words of a text, in their order and with their capitals; empty where there is none.
  static func clean(_ text: String) -> String {
    text.split(separator: "\\", omittingEmptySubsequences: false).map(cleanValue).joined(separator: "\\")
  }

  private static func cleanValue(_ text: Substring) -> String {
    let tokens = text.split { !($0.isLetter || $0.isNumber || "/.+-%".contains($0)) }.map(String.init)
    var kept: [String] = []
    var index = 0
    while index < tokens.count {
      let token = tokens[index]
      // A number alone may be anything; 5 mm is a thickness.
      if index + 1 < tokens.count, units.contains(tokens[index + 1].lowercased()), isKnown(token + tokens[index + 1]) {
        kept.append(token + tokens[index + 1])
        index += 1
      } else if isKnown(token) {
        kept.append(token)
      } else {
        kept += token.split { "/+-".contains($0) }.map(String.init).filter(isKnown)
      }
      index += 1
    }
    return kept.joined(separator: " ")
  }

  /// Whether a word is one that says what was scanned and how.
  static func isKnown(_ token: String) -> Bool {
    words.contains(String(token.lowercased().map { $0.isASCII && $0.isNumber ? "#" : $0 }))
  }
}
