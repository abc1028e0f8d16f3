import Foundation

/// Whether a finding is there: yes and no, denials and doubts in several languages, N and M of TNM.
///
/// Every word must be known. A denial of a part alone, as in "no bone metastasis", is not understood, and so is whatever
/// is suspected: neither is absent, and neither is a cell that says nothing.
public enum PresenceGrammar {
  /// Reads a cell.
  public static func read(_ cell: String?) -> ClinicalAnswer<Bool> {
    let folded = FoldedText(cell)
    if let sign = signs[folded.text.filter { $0 != " " }] { return sign }
    if folded.saysNothing { return .unknown }
    let text = TNM.withoutCounts(folded.text)
    if text.contains("?") { return .notUnderstood("in doubt") }
    guard text.allSatisfy({ $0.isLetter || $0.isNumber || " \t\n-/,;:().&+".contains($0) }), !text.hasPrefix("-"),
      !text.hasPrefix("+"), text.wholeMatch(of: #/[0-9.,]+/#) == nil
    else { return .notUnderstood("neither present nor absent") }
    // N+ and M+ are categories; another plus means nothing.
    let categories = text.replacing(#/\b([nm])\+/#) { "\($0.output.1)1" }.replacing(#/\b([nm])-(?=$|[^\p{L}0-9])/#) {
      "\($0.output.1)0"
    }
    guard !categories.contains("+") else { return .notUnderstood("neither present nor absent") }
    return PresenceWords(FoldedText.words(categories)).answer
  }

  /// Cells that are signs and codes alone.
  private static let signs: [String: ClinicalAnswer<Bool>] = [
    "+": .understood(true), "++": .understood(true), "+++": .understood(true), "(+)": .understood(true),
    "(-)": .understood(false), ">0": .understood(true), "1": .understood(true), "1.0": .understood(true),
    "1,0": .understood(true), "0": .understood(false), "0.0": .understood(false), "0,0": .understood(false),
    "9": .unknown, "9.0": .unknown, "99": .unknown, "999": .unknown, "x": .unknown,
    "±": .notUnderstood("in doubt"), "(±)": .notUnderstood("in doubt"), "+/-": .notUnderstood("in doubt"),
    "-/+": .notUnderstood("in doubt"),
  ]
}

/// What the words of a cell say together.
private struct PresenceWords {
  private enum Role: String {
    case denial, affirmation, perception, finding, site, filler, doubt, unknown
    // Categories of TNM.
    case noSpread, spread, unassessed, tumour
    case other
  }

  private let roles: [Role]

  init(_ words: [String]) {
    var roles: [Role] = []
    var index = 0
    while index < words.count {
      let (role, length) = Self.role(words[index...])
      roles.append(role)
      index += length
    }
    self.roles = roles
  }

  var answer: ClinicalAnswer<Bool> {
    let found = Set(roles)
    if found.contains(.doubt) { return .notUnderstood("in doubt") }
    if found.contains(.other) { return .notUnderstood("neither present nor absent") }
    let isDenied = found.contains(.denial)
    // "not absent", "not negative".
    if zip(roles, roles.dropFirst()).contains(where: { $0 == .denial && $1 == .denial }) {
      return .notUnderstood("double negation")
    }
    let isAffirmed = found.contains(.affirmation) || found.contains(.spread)
    if isDenied || found.contains(.noSpread) && !found.contains(.spread) {
      if isAffirmed { return .notUnderstood("both present and absent") }
      if found.contains(.site) { return .notUnderstood("absent at one site only") }
      if found.contains(.unknown) { return .notUnderstood("neither present nor absent") }
      if found.contains(.unassessed) { return .unknown }
      return found.contains(.perception) && !isDenied ? .notUnderstood("both present and absent") : .understood(false)
    }
    if isAffirmed || found.contains(.perception) || found.contains(.site) {
      return found.contains(.unknown) ? .notUnderstood("neither present nor absent") : .understood(true)
    }
    if found.contains(.unassessed) || found.contains(.unknown) { return .unknown }
    return found.contains(.finding) ? .understood(true) : .notUnderstood("neither present nor absent")
  }

  /// What the first of the words, with as many that follow as make a phrase of the list, means.
  private static func role(_ words: ArraySlice<String>) -> (Role, Int) {
    for length in stride(from: min(longest, words.count), through: 1, by: -1) {
      let phrase = words.prefix(length).joined(separator: " ")
      if let role = list[phrase].flatMap(Role.init(rawValue:)) { return (role, length) }
    }
    return (words.first.flatMap(category) ?? .other, 1)
  }

  /// A word of TNM.
  private static func category(_ word: String) -> Role? {
    let pattern =
      #/(?:[cpyram]{0,3}t[0-4x][abc]?)?(?:[cpyra]{0,3}n([0-3x])[abc]?(?:mi)?)?(?:[cpyra]{0,3}m([01x])[abc]?)?/#
    guard let match = word.wholeMatch(of: pattern) else { return nil }
    let values = [match.1, match.2].compactMap { $0 }
    if values.contains(where: { "123".contains($0) }) { return .spread }
    if values.contains("x") { return .unassessed }
    return values.isEmpty ? .tumour : .noSpread
  }

  private static let list = Vocabulary.meanings(PackageResources.presence_csv)
  private static let longest = list.keys.map { $0.split(separator: " ").count }.max() ?? 1
}
