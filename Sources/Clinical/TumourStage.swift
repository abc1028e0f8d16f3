/// A tumour's stage: T1a, or the stage group I, which of a tumour without nodes and metastases is the same number.
public struct TumourStage: Codable, Equatable, Sendable {
  /// 1...4.
  public let number: Int
  /// `a`, `b` or `c`, where it is stated.
  public let letter: String?
  /// Whether the text also states nodes or metastases (N1 and above, M1).
  public let hasSpread: Bool

  /// Makes a stage of its parts.
  public init(number: Int, letter: String? = nil, hasSpread: Bool = false) {
    self.number = number
    self.letter = letter
    self.hasSpread = hasSpread
  }

  /// Reads `pT1a`, `T1b N0 M0`, `1`, `III`, `stage II`; nil for whatever `StageGrammar` does not take for a stage.
  public init?(text: String) {
    guard let stage = StageGrammar.read(text).value else { return nil }
    self = stage
  }

  /// The stage in words: `1a`, `1b with nodes or metastases`.
  public var name: String { "\(number)\(letter ?? "")" + (hasSpread ? " with nodes or metastases" : "") }

  /// Whether this stage is `other`, which takes in its own subdivisions: T1a is 1.
  public func isWithin(_ other: TumourStage) -> Bool {
    number == other.number && (other.letter == nil || letter == other.letter) && (!hasSpread || other.hasSpread)
  }
}
