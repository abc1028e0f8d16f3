/// A contrast phase of renal CT, in the order in which a scan passes through them.
public enum Phase: String, Codable, CaseIterable, Comparable, Sendable {
  /// Before contrast.
  case nonContrast
  /// Late arterial, of the kidney corticomedullary; about 40 s after the injection starts.
  case lateArterial
  /// Portal venous, of the kidney nephrographic; about 80 s.
  case portalVenous
  /// Delayed, of the kidney excretory; more than 100 s.
  case delayed

  /// The phase's name in sentences and tables.
  public var name: String {
    switch self {
    case .nonContrast: "non-contrast"
    case .lateArterial: "late arterial"
    case .portalVenous: "portal venous"
    case .delayed: "delayed"
    }
  }

  /// Whether the phase follows an injection.
  public var isContrast: Bool { self != .nonContrast }

  /// Reads a phase's name of either family, whatever its case, blanks and punctuation; nil for anything else.
  ///
  /// For what scanners and technologists write, see the `Cohort` room.
  public init?(name: String) {
    switch name.lowercased().filter(\.isLetter) {
    case "noncontrast", "precontrast", "unenhanced": self = .nonContrast
    case "latearterial", "arterial", "corticomedullary": self = .lateArterial
    case "portalvenous", "venous", "nephrographic": self = .portalVenous
    case "delayed", "excretory": self = .delayed
    default: return nil
    }
  }

  /// Earlier phases come first.
  public static func < (left: Phase, right: Phase) -> Bool { left.order < right.order }

  /// The phase's place among all four, from 0.
  public var order: Int {
    switch self {
    case .nonContrast: 0
    case .lateArterial: 1
    case .portalVenous: 2
    case .delayed: 3
    }
  }
}
