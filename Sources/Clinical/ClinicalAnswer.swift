/// What a cell of a clinical table says.
public enum ClinicalAnswer<Value> {
  /// One value.
  case understood(Value)
  /// Nothing is known: an empty cell, `NA`, `NX`.
  case unknown
  /// Not a single value, and why; it is never treated as present, absent or missing.
  case notUnderstood(String)

  /// The value; nil where nothing is known or the cell is not understood.
  public var value: Value? {
    if case .understood(let value) = self { value } else { nil }
  }

  /// Why the cell is not understood; nil where it is, or where nothing is known.
  public var doubt: String? {
    if case .notUnderstood(let reason) = self { reason } else { nil }
  }

  /// The same answer with another value.
  public func map<Other>(_ transform: (Value) -> Other) -> ClinicalAnswer<Other> {
    switch self {
    case .understood(let value): .understood(transform(value))
    case .unknown: .unknown
    case .notUnderstood(let reason): .notUnderstood(reason)
    }
  }
}

extension ClinicalAnswer: Equatable where Value: Equatable {}
extension ClinicalAnswer: Sendable where Value: Sendable {}
