import Foundation

/// What a cell of a clinical table says: something, that there is none, or nothing.
///
/// This is the one place that knows what people write where nothing is known; every reader of a clinical table goes through it.
public struct ClinicalCell: Equatable, Sendable {
  /// The text without surrounding blanks; nil where nothing is known.
  public let text: String?
  /// Whether the text is "none": of a finding that is a denial, of any other column no value.
  public let isNone: Bool

  /// Reads a cell; nil is one that the table does not have.
  public init(_ cell: String?) {
    let trimmed = (cell ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
    let folded = Self.folded(trimmed)
    text = Self.unknown.contains(folded) ? nil : trimmed
    isNone = folded == "none"
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

  /// What says that nothing is known, folded: a cell of punctuation alone, such as `-`, `?` and GDC's `'--`, is the empty one.
  private static let unknown: Set = [
    "", "na", "nan", "null", "unknown", "unk", "missing", "notavailable", "notapplicable", "notreported",
  ]
}
