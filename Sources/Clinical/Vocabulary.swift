/// The lists of words in `Data`, folded as cells are.
enum Vocabulary {
  /// The lines of a list, without remarks.
  static func lines(_ bytes: [UInt8]) -> [String] {
    String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
      .filter { !$0.hasPrefix("#") }
      .map { FoldedText(String($0)).phrase }
  }

  /// The terms of a table with rows of a meaning, a comma, and terms separated by semicolons: each with its meaning.
  static func meanings(_ bytes: [UInt8]) -> [String: String] {
    let rows = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).dropFirst()
    return rows.reduce(into: [:]) { meanings, row in
      let cells = row.split(separator: ",", maxSplits: 1)
      guard cells.count == 2 else { return }
      for term in cells[1].split(separator: ";") {
        let phrase = FoldedText(String(term)).phrase
        // The first row that has a term decides.
        if meanings[phrase] == nil { meanings[phrase] = String(cells[0]) }
      }
    }
  }
}
