import Foundation

/// What a cell of any column says: something, that there is none, or nothing.
///
/// The columns that mean a grade, a stage and so on have a grammar of their own: `ClinicalGrammar`.
public struct ClinicalCell: Equatable, Sendable {
  /// The text without surrounding blanks; nil where nothing is known.
  public let text: String?
  /// Whether the text is "none": of a finding that is a denial, of any other column no value.
  public let isNone: Bool

  /// Reads a cell; nil is one that the table does not have.
  public init(_ cell: String?) {
    let trimmed = (cell ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
    text = FoldedText(trimmed).saysNothing ? nil : trimmed
    isNone = Self.folded(trimmed) == "none"
  }

  /// The text of a column that holds one value; nil where nothing is known, or there is none.
  public var value: String? { isNone ? nil : text }

  /// The number, with a point or a comma before its decimals; nil where the text is no finite number.
  public var number: Double? {
    text.flatMap { Double($0.replacingOccurrences(of: ",", with: ".")) }.flatMap { $0.isFinite ? $0 : nil }
  }

  /// Letters and digits in lower case: `Clear-cell RCC` and `clear cell rcc` are one.
  public static func folded(_ text: String) -> String {
    String(text.lowercased().filter { $0.isLetter || $0.isNumber })
  }
}
