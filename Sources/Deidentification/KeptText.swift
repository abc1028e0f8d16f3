import DICOM

/// What stays of a text whose attribute may stay.
enum KeptText {
  /// The value without what names a person; nil where nothing of it can stay.
  static func text(_ text: String, of element: DataElement) -> String? {
    switch element.vr {
    case .as: return AgeGrammar.capped(text)
    case .cs: return CodedTerms.known(text, of: element.tag)
    case .ae, .lo, .lt, .pn, .sh, .st, .uc, .ut, .ur:
      guard ProfileTable.retained[element.tag] != nil else { return text }
      // A code is checked by its scheme; its digits are no one's number.
      let isCode = element.tag == .codeValue || element.tag == .codingSchemeVersion
      let isFine = isCode ? text.utf8.count <= 16 && !text.contains("^") : !IdentifierPattern.isFound(in: text)
      return isFine ? text : nil
    default: return text
    }
  }
}

/// Coded strings (VR CS): PS3.3's defined terms, and words that scanners write besides.
enum CodedTerms {
  private static let terms: [DICOMTag: Set<String>] = Dictionary(
    DataTable.rows(PackageResources.defined_terms_csv).compactMap { row in
      guard let tag = row["tag"].flatMap({ UInt32($0, radix: 16) }) else { return nil }
      return (DICOMTag(rawValue: tag), Set(row["terms", default: ""].split(separator: "\\").map(String.init)))
    }
  ) { $0.union($1) }

  private static let words = Set(DataTable.lines(PackageResources.coded_words_txt))

  /// The values in their places, those that are not known being empty; nil where none is left.
  static func known(_ text: String, of tag: DICOMTag) -> String? {
    let values = text.split(separator: "\\", omittingEmptySubsequences: false).map { value in
      isKnown(value.trimmingSpaces(), tag) ? String(value) : ""
    }
    return values.allSatisfy(\.isEmpty) ? nil : values.joined(separator: "\\")
  }

  private static func isKnown(_ value: String, _ tag: DICOMTag) -> Bool {
    guard value.utf8.count <= 16 else { return false }
    if terms[tag]?.contains(value.uppercased()) == true { return true }
    let parts = value.split { " _-/".contains($0) }.map(String.init)
    return !parts.isEmpty && tag != .specificCharacterSet && parts.allSatisfy(isWord)
  }

  /// Whether a word is one that coded strings or descriptions may keep.
  static func isWord(_ word: String) -> Bool {
    words.contains(String(word.lowercased().map { $0.isASCII && $0.isNumber ? "#" : $0 }))
      || DescriptorCleaner.isKnown(word)
  }
}

/// How persons, days and numbers of patients are written.
enum IdentifierPattern {
  /// Whether a text holds a name with carets, a day, a long number, an address on the web or one for mail.
  static func isFound(in text: String) -> Bool {
    let bytes = Array(text.utf8)
    if bytes.contains(0x5E) || bytes.contains(0x40) || text.contains("://") { return true }
    let runs = text.split { !($0.isASCII && $0.isNumber) }
    if runs.contains(where: { $0.count >= 7 }) { return true }
    let separated = text.split { !($0.isASCII && $0.isNumber || "-./".contains($0)) }
    return separated.contains { isDay($0.split { !$0.isNumber }.map(String.init)) }
  }

  /// Whether numbers are year, month and day, in this order or the other.
  private static func isDay(_ parts: [String]) -> Bool {
    guard parts.count == 3, parts.map(\.count) == [4, 2, 2] || parts.map(\.count) == [2, 2, 4] else { return false }
    let ordered = parts[0].count == 4 ? parts : [parts[2], parts[1], parts[0]]
    guard let year = Int(ordered[0]), let month = Int(ordered[1]), let day = Int(ordered[2]) else { return false }
    return (1880...2100).contains(year) && (1...31).contains(month) && (1...31).contains(day)
  }
}
