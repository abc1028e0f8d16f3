/// The side of a tumour, or of a patient's tumours.
public enum TumourSide: String, Codable, CaseIterable, Sendable {
  /// The patient's left.
  case left
  /// The patient's right.
  case right
  /// Both sides.
  case bilateral

  /// The side of several tumours; nil where any is unknown.
  public init?(of sides: [TumourSide?]) {
    let known = Set(sides.compactMap { $0 })
    guard let first = known.first, sides.allSatisfy({ $0 != nil }) else { return nil }
    self = known.count > 1 ? .bilateral : first
  }
}

/// The words for left and right.
public enum SideGrammar {
  /// Reads `Left`, `L`, `rt`, `beidseits`, `rene destro`.
  public static func read(_ cell: String?) -> ClinicalAnswer<TumourSide> {
    let folded = FoldedText(cell)
    if folded.saysNothing || folded.phrase == "none" { return .unknown }
    guard folded.text.allSatisfy({ $0.isLetter || " \t-.,;:()/&+".contains($0) }) else {
      return .notUnderstood("no side")
    }
    let meanings = folded.words.map { list[$0] }
    let sides = Set(meanings.compactMap { $0.flatMap(TumourSide.init(rawValue:)) })
    guard meanings.allSatisfy({ $0 != nil }), let side = TumourSide(of: Array(sides)) else {
      return .notUnderstood("no side")
    }
    // A form's "left/right" with neither struck out.
    guard sides.count == 1 || !folded.text.contains("/") else { return .notUnderstood("left or right") }
    return .understood(side)
  }

  private static let list = Vocabulary.meanings(PackageResources.sides_csv)
}
