import Foundation

/// The text of a cell as the grammars see it: in lower case, without accents, full-width letters made narrow.
struct FoldedText {
  /// The text without surrounding blanks.
  let text: String
  /// The words, of letters or digits.
  let words: [String]

  init(_ cell: String?) {
    text = Self.folded(cell ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
    words = Self.words(text)
  }

  /// The words, parted by single blanks.
  var phrase: String { words.joined(separator: " ") }

  /// Whether the cell says that nothing is known: a phrase of the list, or nothing but dashes and question marks.
  var saysNothing: Bool {
    words.isEmpty ? text.allSatisfy { Self.blanks.contains($0) } : Self.unknown.contains(phrase)
  }

  private static let blanks: Set<Character> = Set("-–—−?.'_*/\\ []():")
  private static let unknown = Set(Vocabulary.lines(PackageResources.unknown_txt))

  static func words(_ folded: String) -> [String] {
    var words: [String] = []
    var isOpen = false
    var wasASCII = true
    for character in folded {
      guard character.isLetter || character.isNumber else {
        isOpen = false
        continue
      }
      // Japanese and Chinese write a word and its number without a blank.
      if isOpen, wasASCII == character.isASCII {
        words[words.count - 1].append(character)
      } else {
        words.append(String(character))
      }
      isOpen = true
      wasASCII = character.isASCII
    }
    return words
  }

  /// Letters that Unicode does not take apart into a letter and an accent.
  private static let letters: [Unicode.Scalar: String] = [
    "ł": "l", "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ı": "i", "Ⅰ": "i", "Ⅱ": "ii", "Ⅲ": "iii", "Ⅳ": "iv",
    "ⅰ": "i", "ⅱ": "ii", "ⅲ": "iii", "ⅳ": "iv", "\u{3000}": " ", "\u{A0}": " ", "’": "'", "”": "\"", "″": "\"",
    "＝": "=", "–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-",
  ]

  static func folded(_ text: String) -> String {
    var scalars = String.UnicodeScalarView()
    for scalar in text.lowercased().decomposedStringWithCanonicalMapping.unicodeScalars {
      if (0x300...0x36F).contains(scalar.value) { continue }
      if let letters = letters[scalar] {
        scalars.append(contentsOf: letters.unicodeScalars)
      } else if (0xFF01...0xFF5E).contains(scalar.value), let narrow = Unicode.Scalar(scalar.value - 0xFEE0) {
        scalars.append(narrow)
      } else {
        scalars.append(scalar)
      }
    }
    return String(scalars).precomposedStringWithCanonicalMapping
  }
}
