/// How a column of a clinical table is read.
public enum ClinicalGrammar: Equatable, Sendable {
  /// A nuclear grade, 1...4.
  case grade
  /// A stage.
  case stage
  /// Whether a finding is there.
  case presence
  /// A day.
  case date
  /// A size, in mm or cm where the cell has no unit.
  case size(SizeGrammar.Unit)
  /// A histological subtype.
  case subtype
  /// A side.
  case side
  /// Any word, taken as it is.
  case word

  /// What a cell says, in words.
  public func read(_ cell: String?) -> ClinicalAnswer<String> {
    switch self {
    case .grade: GradeGrammar.read(cell).map { "\($0)" }
    case .stage: StageGrammar.read(cell).map(\.name)
    case .presence: PresenceGrammar.read(cell).map { $0 ? "present" : "absent" }
    case .date: DateGrammar.read(cell).map(Self.day)
    case .size(let unit): SizeGrammar.read(cell, unit: unit).map { "\($0) mm" }
    case .subtype: SubtypeGrammar.read(cell)
    case .side: SideGrammar.read(cell).map(\.rawValue)
    case .word: ClinicalCell(cell).value.map { .understood($0) } ?? .unknown
    }
  }

  /// A day as `2001-12-31`.
  private static func day(_ number: Int) -> String {
    let digits = String(number)
    return "\(digits.prefix(4))-\(digits.dropFirst(4).prefix(2))-\(digits.suffix(2))"
  }
}
