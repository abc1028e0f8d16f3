import Foundation

/// Sizes of tumours: `4.1`, `4,1 cm`, `41 x 38 mm`, `1.6 in`; of several diameters the largest is used.
///
/// A bound (`>7 cm`) and a range are not a size. A number without a unit of its own must be plausible in the column's:
/// 41 in a column of cm is 41 mm rather than 410.
public enum SizeGrammar {
  /// The unit of a column.
  public enum Unit: Sendable {
    /// Millimetres.
    case millimetres
    /// Centimetres.
    case centimetres

    var factor: Double { self == .centimetres ? 10 : 1 }
    /// In mm, of a number without a unit of its own: tumours above 20 cm are rarer than columns with two units.
    var plausible: ClosedRange<Double> { 5...200 }
  }

  /// Reads a cell of a column in `unit`: mm.
  public static func read(_ cell: String?, unit: Unit) -> ClinicalAnswer<Double> {
    let folded = FoldedText(cell)
    if folded.saysNothing || folded.phrase == "none" { return .unknown }
    var text = folded.text.filter { $0 != "~" && $0 != "≈" }
    if text.contains(where: { "<>≥≤=".contains($0) }) || text.hasPrefix("bis ") || text.hasPrefix("up to ") {
      return .notUnderstood("a bound, not a size")
    }
    if text.contains(#/[0-9] *(?:mm|cm)? *(?:-| to | bis | a )\s*[0-9]/#) {
      return .notUnderstood("a range, not a size")
    }
    if text.wholeMatch(of: #/[0-9] ?\/ ?[0-9]{1,2}(?: ?[cm]m)?/#) != nil {
      return .notUnderstood("a fraction or two sizes")
    }
    if text.contains(#/\b[1-9][0-9]{0,2},[0-9]{3}\b/#) {
      return .notUnderstood("a comma before thousands or decimals")
    }
    for match in text.matches(of: #/[a-z]{2,}\.?/#).reversed() where fillers.contains(match.output.filter { $0 != "." })
    {
      text.replaceSubrange(match.range, with: " ")
    }
    guard let diameters = diameters(text), let largest = diameters.max(by: { mm($0, unit) < mm($1, unit) }) else {
      return .notUnderstood("no size")
    }
    let size = mm(largest, unit)
    guard diameters.allSatisfy({ $0.number > 0 }), (largest.factor == nil ? unit.plausible : 2...300).contains(size)
    else {
      return .notUnderstood("\(size) mm is not a plausible size; check the unit")
    }
    return .understood(size)
  }

  private struct Diameter {
    let number: Double
    var factor: Double?
  }

  private static func mm(_ diameter: Diameter, _ unit: Unit) -> Double {
    // Tenths of a millimetre: 1.6 in is 40.64 mm, and 4.1 cm must not be 40.99999.
    (diameter.number * (diameter.factor ?? unit.factor) * 10).rounded() / 10
  }

  /// The diameters, a number without a unit having that of the next one; nil where the text holds anything else.
  private static func diameters(_ text: String) -> [Diameter]? {
    var rest = text.trimmingCharacters(in: .whitespaces)[...]
    var diameters: [Diameter] = []
    while true {
      let number =
        #/([0-9]{1,4}(?:[.,][0-9]+)?)\s*(mm|cm|inch(?:es)?|in|"|millimet(?:er|re)s?|centimet(?:er|re)s?)?(?![\p{L}0-9.])/#
      let joined = #/([0-9]{1,4}(?:[.,][0-9]+)?)\s*(mm|cm)?(?=\s*x)/#
      guard
        let match = rest.prefixMatch(of: joined).map({ ($0.1, $0.2, $0.range) })
          ?? rest.prefixMatch(of: number).map({ ($0.1, $0.2, $0.range) }),
        let value = Double(match.0.replacing(",", with: "."))
      else { return nil }
      diameters.append(Diameter(number: value, factor: match.1.flatMap(factor)))
      rest = rest[match.2.upperBound...]
      if rest.allSatisfy(\.isWhitespace) { break }
      guard let separator = rest.prefixMatch(of: #/\s*(?:x|×|\*|;|\/|\+|,\s|by\s|and\s|und\s|et\s|y\s|e\s)\s*/#) else {
        return nil
      }
      rest = rest[separator.range.upperBound...]
    }
    for index in diameters.indices.dropLast().reversed() where diameters[index].factor == nil {
      diameters[index].factor = diameters[index + 1].factor
    }
    return diameters
  }

  private static func factor(_ unit: Substring) -> Double {
    if unit.hasPrefix("mm") || unit.hasPrefix("milli") { return 1 }
    return unit.hasPrefix("c") ? 10 : 25.4
  }

  private static let fillers = Set(Vocabulary.lines(PackageResources.size_fillers_txt))
}
