/// Numbers written as characters, several between backslashes: the VRs DS and IS (PS3.5 section 6.2).
///
/// Some writers use the decimal comma of their country. `0,8` is read as 0.8, but `1,024` may as well be a thousand and
/// twenty-four: a comma counts as decimal only where at least one number of the value cannot be read otherwise.
public struct NumberText {
  /// The numbers, all of them finite.
  let numbers: [Double]
  /// Whether decimal commas were read as decimal points.
  let hasDecimalCommas: Bool

  /// Nil where there is no value, or any part of it is not understood as a number.
  init?(_ value: ArraySlice<UInt8>) {
    let stored = value.prefix { $0 != 0 }.trimmingPadding()
    guard !stored.isEmpty else { return nil }
    let parts = stored.split(separator: 0x5C, omittingEmptySubsequences: false).map { $0.trimming { $0 <= 0x20 } }
    hasDecimalCommas = stored.contains(Self.comma)
    if hasDecimalCommas {
      let withComma = parts.filter { $0.contains(Self.comma) }
      guard withComma.allSatisfy(Self.canBeDecimal), !withComma.allSatisfy(Self.canBeThousands) else { return nil }
    }
    var numbers: [Double] = []
    for part in parts {
      guard let number = Self.number(part) else { return nil }
      numbers.append(number)
    }
    self.numbers = numbers
  }

  /// Numbers that are stored in binary.
  init(_ numbers: [Double]) {
    self.numbers = numbers
    hasDecimalCommas = false
  }

  /// One finite number with a decimal point or comma, such as `-12.5`, `1.25e+01` or `0,8`, without spaces; nil where it is none.
  ///
  /// A single number does not show whether its comma is decimal: this is for judging, not for reading.
  public static func number(_ text: ArraySlice<UInt8>) -> Double? {
    guard text.allSatisfy(isAllowed) else { return nil }
    let digits = text.map { $0 == comma ? 0x2E : $0 }
    return Double(String(decoding: digits, as: UTF8.self)).flatMap { $0.isFinite ? $0 : nil }
  }

  private static let comma = UInt8(ascii: ",")

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  /// Whether a character may stand in a number: digits, sign, exponent, and either decimal sign.
  static func isAllowed(_ byte: UInt8) -> Bool { isDigit(byte) || "+-.,eE".utf8.contains(byte) }

  /// One comma, digits on either side of it, and no point besides.
  private static func canBeDecimal(_ part: ArraySlice<UInt8>) -> Bool {
    let sides = part.split(separator: comma, omittingEmptySubsequences: false)
    return sides.count == 2 && !part.contains(UInt8(ascii: ".")) && sides.allSatisfy { $0.contains(where: isDigit) }
  }

  /// One to three digits, the first of them no zero, then a comma and three more.
  private static func canBeThousands(_ part: ArraySlice<UInt8>) -> Bool {
    let unsigned = part.drop { "+-".utf8.contains($0) }
    let sides = unsigned.split(separator: comma, omittingEmptySubsequences: false)
    return sides.count == 2 && (1...3).contains(sides[0].count) && sides[0].first != UInt8(ascii: "0")
      && sides[1].count == 3 && sides.joined().allSatisfy(isDigit)
  }
}
