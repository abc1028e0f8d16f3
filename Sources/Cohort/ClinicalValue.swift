import Foundation
import Study

/// What people write into clinical tables.
enum ClinicalValue {
  /// Whether a finding is present; nil where nothing is known, true for whatever is no denial.
  static func isPresent(_ cell: String?) -> Bool? {
    guard let cell else { return nil }
    switch ClinicalCell.folded(cell) {
    case "no", "n", "0", "none", "absent", "negative", "neg", "false", "n0", "m0", "without", "denied": return false
    default: return ClinicalCell(cell).text == nil ? nil : true
    }
  }

  /// A day as year x 10000 + month x 100 + day, so that days compare.
  ///
  /// Nil for anything but `2001-12-31`, `2001/12/31`,
  /// `20011231` and `31.12.2001`, times after it left out. What `03/04/2001` means nobody can tell.
  static func day(_ cell: String?) -> Int? {
    guard let first = cell?.split(whereSeparator: { $0 == " " || $0 == "T" }).first else { return nil }
    var parts = first.split(whereSeparator: { "-/.".contains($0) }).map(String.init)
    if parts.count == 3, first.contains("."), parts[2].count == 4 { parts.reverse() }
    if parts.count == 1, first.count == 8 {
      let digits = Array(first)
      parts = [String(digits[0..<4]), String(digits[4..<6]), String(digits[6..<8])]
    }
    let numbers = parts.compactMap(Int.init)
    guard numbers.count == 3, parts.count == 3, parts[0].count == 4, (1...12).contains(numbers[1]),
      (1...31).contains(numbers[2])
    else { return nil }
    return numbers[0] * 10_000 + numbers[1] * 100 + numbers[2]
  }

  /// A size in mm; a unit in the cell outranks `factor`, the column's mm per unit.
  ///
  /// Nil for what is no size of a tumour.
  static func millimetres(_ cell: String?, factor: Double) -> Double? {
    guard var text = cell?.lowercased().replacingOccurrences(of: ",", with: ".") else { return nil }
    var factor = factor
    for (unit, millimetres) in [("mm", 1.0), ("cm", 10.0)] where text.hasSuffix(unit) {
      text.removeLast(2)
      factor = millimetres
    }
    guard let number = Double(text.trimmingCharacters(in: .whitespaces)), number > 0, number * factor < 500 else {
      return nil
    }
    return number * factor
  }
}

/// A tumour's stage: T1a, or the stage group I, which of a tumour without nodes and metastases is the same number.
public struct TumourStage: Codable, Equatable, Sendable {
  /// 1...4.
  public let number: Int
  /// `a`, `b` or `c`, where it is stated.
  public let letter: String?
  /// Whether the text also states nodes or metastases (N1, N2, M1).
  public let hasSpread: Bool

  /// Reads `pT1a`, `T1b N0 M0`, `1`, `1b`, `III`, `stage II`; nil for anything else, TX and T0 included.
  public init?(text: String) {
    let words = text.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
    hasSpread = words.contains { ["n1", "n2", "pn1", "pn2", "m1", "pm1"].contains($0) }
    let roman = ["i": 1, "ii": 2, "iii": 3, "iv": 4]
    for word in words {
      var rest = Substring(word)
      for prefix in ["stage", "yp", "p", "c", "y", "t"] where rest.hasPrefix(prefix) {
        rest = rest.dropFirst(prefix.count)
      }
      var letter: String?
      if let last = rest.last, "abc".contains(last) {
        letter = String(last)
        rest = rest.dropLast()
      }
      guard let number = Int(rest) ?? roman[String(rest)], (1...4).contains(number) else { continue }
      self.number = number
      self.letter = letter
      return
    }
    return nil
  }

  /// Whether this stage is `other`, which takes in its own subdivisions: T1a is 1.
  func isWithin(_ other: TumourStage) -> Bool {
    number == other.number && (other.letter == nil || letter == other.letter) && (!hasSpread || other.hasSpread)
  }
}

/// The side of a tumour, or of a patient's tumours.
public enum TumourSide: String, Codable, CaseIterable, Sendable {
  /// The patient's left.
  case left
  /// The patient's right.
  case right
  /// Both sides.
  case bilateral

  /// Reads `Left`, `L`, `rt`, `bilateral`; nil for anything else.
  public init?(text: String) {
    switch ClinicalCell.folded(text) {
    case "left", "l", "lt", "leftkidney": self = .left
    case "right", "r", "rt", "rightkidney": self = .right
    case "bilateral", "both", "b", "bilat": self = .bilateral
    default: return nil
    }
  }

  /// The side of several tumours; nil where any is unknown.
  init?(of sides: [TumourSide?]) {
    let known = Set(sides.compactMap { $0 })
    guard let first = known.first, sides.allSatisfy({ $0 != nil }) else { return nil }
    self = known.count > 1 ? .bilateral : first
  }
}

/// The common name of a renal tumour's subtype.
enum Subtype {
  /// `Clear-cell RCC` and `ccRCC` are clear cell; what is not known stays as it is written, in lower case.
  static func name(_ text: String) -> String {
    let folded = ClinicalCell.folded(text)
    let names = [
      ("clearcellpapillary", "clear cell papillary"), ("clear", "clear cell"), ("ccrcc", "clear cell"),
      ("papillary", "papillary"), ("prcc", "papillary"), ("chromophobe", "chromophobe"), ("chrcc", "chromophobe"),
      ("oncocytoma", "oncocytoma"), ("angiomyolipoma", "angiomyolipoma"), ("aml", "angiomyolipoma"),
    ]
    return names.first { folded.contains($0.0) }?.1 ?? text.lowercased()
  }
}
