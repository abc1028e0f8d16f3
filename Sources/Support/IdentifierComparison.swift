import Foundation

/// What a spreadsheet does to identifiers that look like numbers, so that they are no longer those of the images.
public enum IdentifierDamage: String, Sendable, CaseIterable {
  /// `0012345` became `12345`.
  case leadingZeros = "leading zeros were lost"
  /// `100E10` became `1E+12`, `123456789012` became `1.23457E+11`.
  case scientific = "a number was written in scientific notation"
  /// `1234567890123456789` became `1234567890123450000`.
  case digits = "digits after the fifteenth were replaced by zeros"
  /// `3-4` became `3-Apr` or `2024-04-03`.
  case date = "it was turned into a date"

  /// What may have happened to `text` where it should be one of `originals`; nil where nothing known explains it.
  public init?(_ text: String, among originals: [String]) {
    let found: IdentifierDamage? =
      if let digits = Self.digits(text) {
        Self.ofDigits(digits, originals.lazy.compactMap(Self.digits))
      } else if let number = Self.scientific(text) {
        originals.contains { original in
          guard let value = Double(original), value.isFinite else { return false }
          return abs(number.value - value) <= number.tolerance
        } ? .scientific : nil
      } else {
        Self.isDate(text) && originals.contains { $0.contains { "-/.".contains($0) } && !Self.isDate($0) } ? .date : nil
      }
    guard let found else { return nil }
    self = found
  }

  /// What a text may have been before it was damaged so, as far as that can be listed.
  public func originals(of text: String) -> [String] {
    switch self {
    case .leadingZeros:
      guard let digits = Self.digits(text).map(String.init), digits.count < 16 else { return [] }
      return (1...16 - digits.count).map { String(repeating: "0", count: $0) + digits }
    case .scientific:
      // 1E+12 was 1E12, 10E11, 100E10 or so.
      guard let parts = text.wholeMatch(of: /(\d)([.,](\d+))?[eE]\+?(\d+)/), let exponent = Int(parts.4), exponent < 100
      else { return [] }
      let digits = String(parts.1) + (parts.3.map(String.init) ?? "")
      let least = digits.count - 1
      return (0...12).filter { exponent - least - $0 >= 0 }.flatMap { zeros in
        ["E", "e"].map { digits + String(repeating: "0", count: zeros) + $0 + "\(exponent - least - zeros)" }
      } + (exponent < 20 ? [digits + String(repeating: "0", count: max(0, exponent - least))] : [])
    case .digits, .date: return []
    }
  }

  private static func ofDigits(_ digits: Substring, _ originals: some Sequence<Substring>) -> IdentifierDamage? {
    let short = digits.drop { $0 == "0" }
    let isRounded = short.count > 15 && short.dropFirst(15).allSatisfy { $0 == "0" }
    for original in originals {
      let long = original.drop { $0 == "0" }
      if long == short, original != digits { return .leadingZeros }
      if isRounded, long.count == short.count, long.prefix(14) == short.prefix(14) { return .digits }
    }
    return nil
  }

  /// The digits of a whole number, without the decimals that a spreadsheet adds.
  private static func digits(_ text: String) -> Substring? {
    let whole = text.prefix { $0.isASCII && $0.isNumber }
    let rest = text.dropFirst(whole.count)
    let isWhole =
      rest.isEmpty || (".,".contains(rest.first ?? " ") && rest.count > 1 && rest.dropFirst().allSatisfy { $0 == "0" })
    return !whole.isEmpty && isWhole ? whole : nil
  }

  /// A number such as `1.23457E+11`, and half a unit of the last digit that is shown.
  private static func scientific(_ text: String) -> (value: Double, tolerance: Double)? {
    guard let parts = text.wholeMatch(of: /(\d)([.,](\d+))?[eE]\+?(\d+)/),
      let value = Double(text.replacingOccurrences(of: ",", with: ".")), value.isFinite, let exponent = Double(parts.4)
    else { return nil }
    return (value, 0.5 * pow(10, exponent - Double(parts.3?.count ?? 0)))
  }

  private static func isDate(_ text: String) -> Bool {
    text.wholeMatch(of: /\d{1,2}[-. ][A-Za-z]{3,4}\.?([- ]\d{2,4})?|[A-Za-z]{3}-\d{2}|\d{4}-\d{2}-\d{2}/) != nil
      || text.wholeMatch(of: /\d{1,2}[\/.]\d{1,2}[\/.]\d{4}/) != nil
  }
}

/// Which rows of a table belong to no scan, and how many patients with scans have no row.
public struct IdentifierComparison: Equatable, Sendable {
  /// The lines of the rows that match no scan.
  public let linesWithoutScan: [Int]
  /// Patients with scans whom no row names.
  public let scansWithoutRow: Int
  /// What a spreadsheet may have done to the identifiers, by line.
  public let damage: [Int: IdentifierDamage]

  /// Compares the identifiers of a table's rows, each with its line, with those of the scans' patients.
  public init(rows: [(line: Int, identifier: String)], scans: [String]) {
    let known = Set(scans.map(Identifier.init))
    let named = Set(rows.map { Identifier($0.identifier) })
    let unmatched = rows.filter { !known.contains(Identifier($0.identifier)) }
    let left = scans.filter { !named.contains(Identifier($0)) }
    self.init(
      linesWithoutScan: unmatched.map(\.line), scansWithoutRow: left.count,
      damage: Dictionary(
        unmatched.compactMap { row in IdentifierDamage(row.identifier, among: left).map { (row.line, $0) } }
      ) { one, _ in one })
  }

  /// States what was found in another way.
  public init(linesWithoutScan: [Int], scansWithoutRow: Int, damage: [Int: IdentifierDamage]) {
    self.linesWithoutScan = linesWithoutScan
    self.scansWithoutRow = scansWithoutRow
    self.damage = damage
  }

  /// What was found, in sentences; none where every row and every scan has its partner.
  public func sentences(_ table: String) -> [String] {
    var sentences: [String] = []
    if !linesWithoutScan.isEmpty {
      let shown = linesWithoutScan.prefix(20).map { "\($0)" }.joined(separator: ", ")
      let more = linesWithoutScan.count > 20 ? " and \(linesWithoutScan.count - 20) more" : ""
      let isOne = linesWithoutScan.count == 1
      sentences.append(
        "\(isOne ? "1 row matches" : "\(linesWithoutScan.count) rows match") no scan: \(table), "
          + "\(isOne ? "line" : "lines") \(shown)\(more).")
    }
    if scansWithoutRow > 0 {
      sentences.append(
        scansWithoutRow == 1
          ? "1 patient with scans has no row." : "\(scansWithoutRow) patients with scans have no row.")
    }
    let kinds = IdentifierDamage.allCases.compactMap { kind in
      let lines = damage.filter { $0.value == kind }.keys.sorted().map { "\($0)" }
      return lines.isEmpty ? nil : "\(kind.rawValue) (line \(lines.prefix(20).joined(separator: ", ")))"
    }
    if !kinds.isEmpty {
      sentences.append(
        "A spreadsheet seems to have changed identifiers: \(kinds.joined(separator: "; ")). Export the table again with "
          + "that column as text, and import it into the spreadsheet as text.")
    }
    return sentences
  }
}
