public import Study

/// What the words of a SeriesDescription or ProtocolName say of the phase.
///
/// Both naming families (arterial, corticomedullary, ...), English abbreviations and what the large vendors' protocols call
/// them; the list is our own, from public protocols and tags.
public struct PhaseText: Equatable, Sendable {
  /// The phases that the words allow; all four where they say nothing, or contradict themselves.
  public let phases: Set<Phase>
  /// The words that decided, as `late arterial: "ART"`.
  public let words: [String]

  /// Whether the words say anything.
  public var isInformative: Bool { phases.count < Phase.allCases.count }

  /// Whether the words name one phase, rather than only that there was contrast.
  public var isSpecific: Bool { phases.count == 1 }

  /// Reads a description.
  public init(_ text: String) {
    var tokens = Self.tokens(of: text)
    for phrase in Self.misleading { Self.consume(phrase, in: &tokens) }
    var named: Set<Phase> = []
    var hasContrast = false
    var words: [String] = []
    // A stated time outranks the word that it stands beside: "delay 70 s" is no delayed phase.
    if let time = Self.seconds(in: tokens), let phase = ContrastTiming.phase(at: time.seconds) {
      named = [phase]
      words.append("\(phase.name): \"\(time.words)\"")
    } else {
      for (phase, phrases) in Self.names {
        for phrase in phrases {
          guard let found = Self.consume(phrase, in: &tokens) else { continue }
          named.insert(phase)
          words.append("\(phase.name): \"\(found)\"")
        }
      }
    }
    if named.isEmpty {
      for phrase in Self.contrastNames {
        guard let found = Self.consume(phrase, in: &tokens) else { continue }
        hasContrast = true
        words.append("contrast: \"\(found)\"")
      }
    }
    self.words = words
    // Three phases named at once describe the exam, not the series.
    phases =
      named.isEmpty
      ? Set(hasContrast ? Phase.allCases.filter(\.isContrast) : Phase.allCases)
      : named.count < 3 ? named : Set(Phase.allCases)
  }

  // MARK: Words

  /// What would be taken for a phase, but is none; a star stands for any ending.
  private static let misleading = [
    ["W", "WO"], ["WWO"], ["W", "AND", "WO"], ["WITH", "AND", "WITHOUT"], ["WITH", "WITHOUT"], ["WO", "W"],
    ["WO", "AND", "W"], ["PRE", "OP*"], ["POST", "OP*"], ["PRE", "SURG*"], ["POST", "SURG*"], ["POST", "PROC*"],
    ["PRE", "AND", "POST"], ["PRE", "POST"], ["LATE", "PHASES"], ["IV", "ONLY"],
  ]

  /// Longer phrases first, so that LATE ART is not also LATE.
  private static let names: [(Phase, [[String]])] = [
    (
      .nonContrast,
      [
        ["NON", "CON*"], ["NON", "ENH*"], ["NON", "IV"], ["NO", "CON*"], ["NO", "IV"], ["PRE", "CON*"], ["NONCON*"],
        ["UNENH*"], ["NONENH*"], ["PRECON*"], ["WITHOUT"], ["WO"], ["CMINUS"], ["NATIVE"], ["NATIV"], ["NCCT"],
        ["NECT"], ["NC"], ["PLAIN"], ["PRE"],
      ]
    ),
    (
      .lateArterial,
      [
        ["LATE", "ART*"], ["EARLY", "ART*"], ["CORTICO", "MED*"], ["CORTICO*"], ["ARTER*"], ["ART"], ["CMP"], ["CM"],
        ["HAP"], ["LAP"], ["CTA"], ["ANGIO*"],
      ]
    ),
    (
      .portalVenous,
      [
        ["PORTAL", "VEN*"], ["PORT", "VEN*"], ["PORTO", "VEN*"], ["PORTOVEN*"], ["PORTAL"], ["PORT"], ["VENOUS"],
        ["VENOS*"], ["VEN"], ["PVP"], ["PV"], ["NEPHRO*"], ["NEPH"], ["NGP"],
      ]
    ),
    (
      .delayed,
      [["DELAY*"], ["DELAYED"], ["DEL"], ["DLY"], ["EXCR*"], ["PYELO*"], ["EQUIL*"], ["UROGRAPHIC"], ["LATE"]]
    ),
  ]

  private static let contrastNames = [
    ["POST", "CON*"], ["POSTCON*"], ["CPLUS"], ["WITH"], ["W"], ["POST"], ["CECT"], ["CE"], ["ENH*"], ["CONTRAST"],
    ["IV"],
  ]

  // MARK: Tokens

  /// Upper-case words and numbers; `5MIN` is two, `W/O` is WO, `C+` is CPLUS.
  private static func tokens(of text: String) -> [String] {
    var upper = text.uppercased()
    for (sign, word) in [("W/WO", " WWO "), ("W/O", " WO "), ("W/", " W "), ("C+", " CPLUS "), ("+C", " CPLUS ")] {
      upper = upper.replacing(sign, with: word)
    }
    // A minus after a lone C means "without"; within A-C-B it only parts words.
    upper = (" " + upper + " ").replacing("C- ", with: " CMINUS ").replacing(" -C ", with: " CMINUS ")
    var tokens: [String] = []
    var current = ""
    for character in upper {
      let isWord = character.isLetter || character.isNumber || (character == "." && current.last?.isNumber == true)
      let changesKind = current.last.map { $0.isLetter == character.isNumber } ?? false
      if !isWord || changesKind {
        if !current.isEmpty { tokens.append(current) }
        current = ""
      }
      if isWord { current.append(character) }
    }
    if !current.isEmpty { tokens.append(current) }
    return tokens
  }

  /// Blanks out the first place where the phrase stands, and tells how it was written.
  @discardableResult
  private static func consume(_ phrase: [String], in tokens: inout [String]) -> String? {
    guard phrase.count <= tokens.count else { return nil }
    for start in 0...(tokens.count - phrase.count) {
      let range = start..<start + phrase.count
      let matches = zip(phrase, tokens[range]).allSatisfy { pattern, token in
        pattern.last == "*" ? token.hasPrefix(pattern.dropLast()) : token == pattern
      }
      guard matches else { continue }
      // Five centimetres are no corticomedullary phase.
      if phrase == ["CM"], start > 0, Double(tokens[start - 1]) != nil { continue }
      let found = tokens[range].joined(separator: " ")
      for index in range { tokens[index] = "" }
      return found
    }
    return nil
  }

  /// A time such as 40 S or 5 MIN.
  private static func seconds(in tokens: [String]) -> (seconds: Double, words: String)? {
    for (number, unit) in zip(tokens, tokens.dropFirst()) {
      guard let value = Double(number) else { continue }
      let words = "\(number) \(unit)"
      if ["MIN", "MINS", "MINUTE", "MINUTES"].contains(unit), value > 0, value <= 30 { return (value * 60, words) }
      if ["S", "SEC", "SECS", "SECOND", "SECONDS"].contains(unit), value >= 20, value <= 1800 { return (value, words) }
    }
    return nil
  }
}
