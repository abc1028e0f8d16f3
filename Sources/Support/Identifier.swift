import Foundation

/// A patient's or lesion's identifier, compared in one way wherever tables, images and outlines meet.
///
/// Spellings are equal if they differ only in case, blanks, full-width letters, punctuation next to letters (`P-001`
/// and `p001`), or in the decimals that a spreadsheet adds to a whole number (`1` and `1.0`). Punctuation between
/// digits separates numbers: `1-11` is not `11-1`. Leading zeros matter, since `012` and `12` may be two patients.
public struct Identifier: Hashable, Sendable {
  /// As it is written, without surrounding blanks.
  public let text: String
  private let key: String

  /// Takes an identifier as a table or an image writes it.
  public init(_ text: String) {
    self.text = text.trimmingCharacters(in: .whitespacesAndNewlines)
    key = Self.folded(self.text)
  }

  /// Whether both are the same identifier, however they are written.
  public static func == (one: Identifier, other: Identifier) -> Bool { one.key == other.key }

  /// Hashes what is compared.
  public func hash(into hasher: inout Hasher) { hasher.combine(key) }

  private static func folded(_ text: String) -> String {
    let plain = text.precomposedStringWithCompatibilityMapping.lowercased()
    if let whole = plain.wholeMatch(of: /(\d+)[.,]0+/) { return String(whole.1) }
    var folded = ""
    var isParted = false
    for character in plain where !character.isWhitespace {
      guard character.isLetter || character.isNumber else {
        isParted = true
        continue
      }
      if isParted, character.isNumber, folded.last?.isNumber == true { folded.append("-") }
      folded.append(character)
      isParted = false
    }
    return folded.isEmpty ? plain : folded
  }
}

extension DelimitedTable {
  /// By the identifiers in a column: the first line of each spelling, in order; more than one where spellings differ.
  public func linesBySpelling(of column: String) -> [Identifier: [Int]] {
    var lines: [Identifier: [Int]] = [:]
    var seen: Set<String> = []
    for row in rows {
      guard let text = row.cells[column], !text.isEmpty, seen.insert(text).inserted else { continue }
      lines[Identifier(text), default: []].append(row.line)
    }
    return lines
  }
}
