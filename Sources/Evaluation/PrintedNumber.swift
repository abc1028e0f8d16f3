/// A number as a paper prints it: its digits, and with them how far it was rounded.
public struct PrintedNumber: Equatable, Sendable, CustomStringConvertible {
  /// As printed.
  public let description: String
  /// The number times 10 to the `decimals`; a percentage counts as its hundredth.
  let digits: Int
  /// How many decimals a share has: 2 for ".67", 3 for "44.0%".
  let decimals: Int

  /// Reads ".67", "0.67", "67%", "44.0 %"; nil for anything else, or more than 9 decimals.
  public init?(_ text: String) {
    description = text
    let isPercentage = text.hasSuffix("%")
    var number = Substring(text)
    if isPercentage { number = number.dropLast() }
    if isPercentage, number.last == " " { number = number.dropLast() }
    let parts = number.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let whole = parts.first, parts.allSatisfy({ $0.allSatisfy { ("0"..."9").contains($0) } }) else { return nil }
    let fraction = parts.count > 1 ? parts[1] : ""
    guard parts.count == 1 || !fraction.isEmpty, let digits = Int(String(whole + fraction)) else { return nil }
    self.digits = digits
    decimals = fraction.count + (isPercentage ? 2 : 0)
    guard decimals <= 9, digits < 1_000_000_000_000 else { return nil }
  }

  /// The number; a percentage as a share.
  public var value: Double { Double(digits) / Double(scale) }

  /// The numbers that round to it, a half in either direction.
  var range: ClosedRange<Double> {
    let half = 0.5 / Double(scale)
    return (value - half)...(value + half)
  }

  /// Whether `part` of `whole` rounds to it, a half in either direction; the parts count in whole numbers.
  func isShare(_ part: Int, of whole: Int) -> Bool {
    let (scaled, overflow) = part.multipliedReportingOverflow(by: 2 * scale)
    return whole > 0 && !overflow && abs(scaled - 2 * digits * whole) <= whole
  }

  /// The numbers of cases out of `whole` that round to it.
  func parts(of whole: Int) -> ClosedRange<Int>? {
    guard whole > 0 else { return nil }
    let nearest = Int((value * Double(whole)).rounded())
    let reach = whole / scale + 1
    let fitting = (max(0, nearest - reach)...max(0, min(whole, nearest + reach))).filter { isShare($0, of: whole) }
    guard let first = fitting.first, let last = fitting.last else { return nil }
    return first...last
  }

  /// 10 to the `decimals`.
  private var scale: Int { (0..<decimals).reduce(1) { scale, _ in scale * 10 } }

  /// `part` of `whole` with one decimal more than is printed, so near misses are visible.
  func shown(_ part: Int, of whole: Int) -> String {
    let finer = scale * 10
    let rounded = (part * finer * 2 + whole) / (2 * whole)
    let fraction = String(rounded % finer)
    return "\(rounded / finer)." + String(repeating: "0", count: decimals + 1 - fraction.count) + fraction
  }
}

/// Something printed that can't be so.
public struct Contradiction: Equatable, Sendable, CustomStringConvertible {
  /// Where it stands: a rate, or a table's variable and column.
  public let place: String
  /// What contradicts what, as a sentence.
  public let description: String

  init(_ place: String, _ description: String) {
    self.place = place
    self.description = description
  }
}
