import Evaluation
import Foundation

/// Numbers as the reports print them.
enum Format {
  /// Two decimals, or a dash where there is no value.
  static func number(_ value: Double?, decimals: Int = 2) -> String {
    guard let value, value.isFinite else { return "–" }
    return String(format: "%.\(decimals)f", value)
  }

  /// The interval's limits, such as "0.71 to 0.93".
  static func range(_ interval: Interval) -> String { "\(number(interval.lower)) to \(number(interval.upper))" }

  /// A value with its interval in brackets behind it.
  static func text(_ estimate: Estimate) -> String {
    number(estimate.value) + (estimate.interval.map { " (\(range($0)))" } ?? "")
  }

  /// A value with its interval below it, for a table's cell.
  static func cell(_ estimate: Estimate) -> HTML {
    let value = HTML(text: number(estimate.value))
    guard let interval = estimate.interval else { return value }
    return .raw(value.markup + HTML.element("span", ["class": "interval"], HTML(text: range(interval))).markup)
  }

  /// A name as a heading: with a capital.
  static func heading(_ name: String) -> String { name.prefix(1).uppercased() + name.dropFirst() }

  /// A count with its noun: "1 patient", "2 patients".
  static func count(_ count: Int, _ noun: String, plural: String? = nil) -> String {
    "\(count) \(count == 1 ? noun : plural ?? noun + "s")"
  }

  /// A full-precision number for a data file, empty where there is none.
  static func data(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
}
