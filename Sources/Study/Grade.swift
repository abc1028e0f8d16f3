public import Clinical

/// A nuclear grade of ccRCC, Fuhrman or WHO/ISUP, 1 to 4.
public struct Grade: RawRepresentable, Codable, Hashable, Comparable, Sendable {
  /// The grade as a number, 1...4.
  public let rawValue: Int

  /// Makes a grade; nil unless `rawValue` is 1, 2, 3 or 4.
  public init?(rawValue: Int) {
    guard (1...4).contains(rawValue) else { return nil }
    self.rawValue = rawValue
  }

  /// Reads a grade as pathology writes it: `3`, `G3`, `grade 3`, `III`, `3.0`; nil for anything else.
  public init?(text: String) {
    guard let grade = Self.read(text).value else { return nil }
    self = grade
  }

  /// Reads a cell of a clinical table: a grade, that none is known, or neither.
  public static func read(_ cell: String?) -> ClinicalAnswer<Grade> {
    switch GradeGrammar.read(cell) {
    case .understood(let number):
      Grade(rawValue: number).map { ClinicalAnswer.understood($0) } ?? .notUnderstood("no grade")
    case .unknown: .unknown
    case .notUnderstood(let reason): .notUnderstood(reason)
    }
  }

  /// Low for 1 and 2, high for 3 and 4.
  public var gradeClass: GradeClass { rawValue <= 2 ? .low : .high }

  /// Orders grades by severity.
  public static func < (left: Grade, right: Grade) -> Bool { left.rawValue < right.rawValue }
}

/// The two classes that the network tells apart; high grade is the positive class everywhere.
public enum GradeClass: String, Codable, CaseIterable, Sendable {
  /// Fuhrman or ISUP grade 1 or 2.
  case low
  /// Fuhrman or ISUP grade 3 or 4.
  case high
}
