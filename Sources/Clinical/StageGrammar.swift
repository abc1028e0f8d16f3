import Foundation

/// Stages of renal cell carcinoma: TNM with its prefixes and suffixes, stage groups (AJCC/UICC, 8th edition), words for spread.
///
/// Of several stages the highest is used (`T1, T3a`); alternatives (`T1/T2`) are not understood. N and M that cannot be
/// assessed
/// (NX, MX) say nothing, so that `pT1aNxMx` is T1a. M1 alone is stage IV.
public enum StageGrammar {
  /// Reads a cell.
  public static func read(_ cell: String?) -> ClinicalAnswer<TumourStage> {
    // Perineural invasion, Pn0, must not be taken for the nodes of pathology, pN0: here alone case tells something.
    let folded = FoldedText((cell ?? "").replacing(#/\bPn[01xX]\b/#, with: " "))
    if folded.saysNothing || unknown.contains(folded.phrase) { return .unknown }
    if folded.text.contains("?") { return .notUnderstood("in doubt") }
    if folded.text.contains(where: { "<>≥≤=".contains($0) }) { return .notUnderstood("a bound, not a stage") }
    var scan = StageScan(withoutEditions(TNM.withoutCounts(folded.text)))
    return scan.answer()
  }

  private static func withoutEditions(_ text: String) -> String {
    text.replacing(#/\b(?:ajcc|uicc|tnm)[ -]*[5-9](?:th)?\b(?: ?ed(?:ition)?\b)?/#, with: " ")
      .replacing(#/\b[5-9](?:th|\.)? ?(?:ed|edition|auflage|wydanie)\b/#, with: " ")
      .replacing(#/\b(?:19|20)[0-9][0-9]\b/#, with: " ")
  }

  private static let unknown: Set = [
    "x", "9", "99", "tx", "ptx", "ctx", "none", "not staged", "unstaged", "tx n0 m0", "txn0m0", "txnxmx", "tx nx mx",
    "ptx pnx", "ptx pnx pmx", "stage unknown",
  ]
}

/// TNM's own way of writing.
enum TNM {
  /// The text without what stands in brackets behind a category: how many nodes or tumours, isolated cells, sentinel nodes.
  static func withoutCounts(_ text: String) -> String {
    text.replacing(#/\s?\((?:m|sn|[0-9]{1,2}|[0-9]{1,3}\/[0-9]{1,3}|i[+\-]|mol[+\-])\)/#, with: " ")
  }
}

/// One pass over a stage's text.
private struct StageScan {
  private var rest: Substring
  private var stages: [(number: Int, letter: String?)] = []
  /// Whether the words since the last stage make the next an alternative to it.
  private var isAlternative = false
  private var hasAlternatives = false
  private var hasNodes = false
  private var hasMetastases = false
  private var isUnassessed = false

  init(_ text: String) { rest = Substring(text) }

  mutating func answer() -> ClinicalAnswer<TumourStage> {
    while !rest.isEmpty {
      guard
        takeSeparator() || takeWord() || takeLetter() || takeTumour() || takeNodes() || takeMetastases() || takeOther()
          || takeGroup()
      else { return .notUnderstood("no stage") }
    }
    return result()
  }

  private func result() -> ClinicalAnswer<TumourStage> {
    let hasSpread = hasNodes || hasMetastases
    guard let highest = stages.max(by: { ($0.number, $0.letter ?? "") < ($1.number, $1.letter ?? "") }) else {
      if hasMetastases { return .understood(TumourStage(number: 4, hasSpread: true)) }
      return isUnassessed && !hasSpread ? .unknown : .notUnderstood("no stage")
    }
    let isOneNumber = stages.allSatisfy { $0.number == highest.number }
    if hasAlternatives, !isOneNumber { return .notUnderstood("alternative stages") }
    return .understood(
      TumourStage(number: highest.number, letter: hasAlternatives ? nil : highest.letter, hasSpread: hasSpread))
  }

  private mutating func add(_ number: Substring, _ letter: Substring?) {
    guard let number = Int(number) ?? ["i": 1, "ii": 2, "iii": 3, "iv": 4][String(number)] else { return }
    if isAlternative, !stages.isEmpty { hasAlternatives = true }
    isAlternative = false
    stages.append((number, letter.map(String.init)))
  }

  private mutating func takeSeparator() -> Bool {
    guard let match = rest.prefixMatch(of: #/[\s,;:().&+|\/\-]+/#) else { return false }
    if match.output.contains("/") || match.output.contains("-") { isAlternative = true }
    rest = rest[match.range.upperBound...]
    return true
  }

  private mutating func takeWord() -> Bool {
    guard
      let match = rest.prefixMatch(
        of: #/[\p{L}]+(?:[ \-](?:group|confined|metastatic|metastasis|metastases))?(?![\p{L}0-9])/#)
    else {
      return takeStageWord()
    }
    let word = String(match.output).replacingOccurrences(of: "-", with: " ")
    if Self.metastases.contains(word) {
      hasMetastases = true
    } else if Self.alternatives.contains(word) {
      isAlternative = true
    } else if !Self.fillers.contains(word) {
      return takeStageWord()
    }
    rest = rest[match.range.upperBound...]
    return true
  }

  /// Words that stand right before or behind their number, as in Japanese.
  private mutating func takeStageWord() -> Bool {
    guard let match = rest.prefixMatch(of: #/ステージ|期|no ?mo(?![\p{L}0-9])/#) else { return false }
    rest = rest[match.range.upperBound...]
    return true
  }

  /// The second letter of `T1a/b`.
  private mutating func takeLetter() -> Bool {
    guard isAlternative, let last = stages.last, last.letter != nil,
      let match = rest.prefixMatch(of: #/[abc](?![\p{L}0-9])/#)
    else { return false }
    add(Substring("\(last.number)"), match.output)
    rest = rest[match.range.upperBound...]
    return true
  }

  private mutating func takeTumour() -> Bool {
    let pattern =
      #/[cpyram]{0,3} ?t ?([1-4x]|iv|i{1,3})(?: ?([ab])(?=$|[^\p{L}0-9]|[cpyra]{0,2}[nm][0-9xo+])|(c)(?=$|[^\p{L}0-9]))?(?=$|[^\p{L}0-9]|[cpyra]{0,2}[nm] ?[0-9xo+])/#
    guard let match = rest.prefixMatch(of: pattern) else { return false }
    let letter = match.2 ?? match.3
    if match.1 == "x" {
      isUnassessed = true
    } else {
      // The kidney has no T1c, T2c or T4a.
      guard letter == nil || match.1 == "3" || match.1 == "iii" || (letter != "c" && match.1 != "4" && match.1 != "iv")
      else {
        return false
      }
      add(match.1, letter)
    }
    rest = rest[match.range.upperBound...]
    return true
  }

  private mutating func takeNodes() -> Bool {
    let pattern = #/[cpyra]{0,3}n ?([0-3x+\-])[abc]?(?:mi)?(?=$|[^\p{L}0-9]|[cpyra]{0,2}m ?[0-9xo+])/#
    guard let match = rest.prefixMatch(of: pattern) else { return false }
    if "123+".contains(match.1) { hasNodes = true }
    isAlternative = false
    rest = rest[match.range.upperBound...]
    return true
  }

  private mutating func takeMetastases() -> Bool {
    guard let match = rest.prefixMatch(of: #/[cpyra]{0,3}m ?([01x+\-])[abc]?(?=$|[^\p{L}0-9])/#) else { return false }
    if "1+".contains(match.1) { hasMetastases = true }
    isAlternative = false
    rest = rest[match.range.upperBound...]
    return true
  }

  /// Vessels, margins and grade, which stand behind a TNM.
  private mutating func takeOther() -> Bool {
    guard !stages.isEmpty, let match = rest.prefixMatch(of: #/(?:l|v|r|g|pn)[0-4x](?=$|[^\p{L}0-9])/#) else {
      return false
    }
    isAlternative = false
    rest = rest[match.range.upperBound...]
    return true
  }

  private mutating func takeGroup() -> Bool {
    guard let match = rest.prefixMatch(of: #/(iv|i{1,3}|[1-4])(?:[.,]0+|([abc]))?(?=$|[^\p{L}0-9.,]|[.,]\s|期|[.,]$)/#)
    else {
      return false
    }
    guard match.2 == nil || match.1 == "3" || match.1 == "iii" || (match.2 != "c" && match.1 != "4" && match.1 != "iv")
    else {
      return false
    }
    add(match.1, match.2)
    rest = rest[match.range.upperBound...]
    return true
  }

  private static let metastases: Set = [
    "metastatic", "metastasis", "metastases", "mets", "metastasiert", "metastatique", "metastatico", "metastatica",
    "metastasi", "metastasen", "disseminated",
  ]
  private static let alternatives: Set = ["or", "oder", "ou", "o", "to", "bis", "tot", "vs"]
  private static let fillers: Set = [
    "stage", "stage group", "stadium", "stade", "stadio", "estadio", "estadiamento", "stadion", "stopien",
    "zaawansowania", "group", "pathological", "pathologic", "clinical", "uicc", "ajcc", "tnm", "and", "und", "et",
    "organ confined", "confined", "localized", "localised", "non metastatic", "no metastasis", "no metastases", "ed",
  ]
}
