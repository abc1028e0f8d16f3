/// A header value that cannot be used as stated.
public struct HeaderFlaw: Hashable, Sendable {
  /// What became of the value.
  public enum Outcome: Hashable, Sendable {
    /// Its decimal commas were read as decimal points.
    case decimalCommasRead
    /// It is unknown: no such value can be right, or it was not understood. `expected` says what would have been.
    case unknown(expected: String)
  }

  /// The attribute.
  public let tag: DICOMTag
  /// What became of the value.
  public let outcome: Outcome
  /// The value as it stands in the file; in words where it is no number, for then it could name a person.
  public let found: String

  init(_ tag: DICOMTag, _ outcome: Outcome, found: String) {
    self.tag = tag
    self.outcome = outcome
    let isNumeric = found.utf8.allSatisfy { NumberText.isAllowed($0) || $0 == 0x20 || $0 == 0x5C }
    self.found = isNumeric && found.utf8.count <= 100 ? found : "something other than numbers"
  }

  /// Whether it leaves open where the slice lies.
  public var isOfPlace: Bool {
    if case .unknown = outcome { tag == .imagePositionPatient || tag == .imageOrientationPatient } else { false }
  }
}
