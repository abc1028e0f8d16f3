import Foundation
import Study
import Support

/// The subtypes of all lesions with a record (the paper's Figure 8): most frequent first.
public struct SubtypeChart: Codable, Equatable, Sendable {
  /// One subtype.
  public struct Bar: Codable, Equatable, Sendable {
    /// Its common name, or "unknown".
    public let subtype: String
    /// Its lesions.
    public let lesions: Int
  }

  /// The subtypes, most frequent first.
  public let bars: [Bar]

  /// Counts the lesions of all patients in a selection, those left out as well.
  public init(_ selection: CohortSelection) {
    let names = selection.patients.flatMap(\.lesions).map { $0.subtype ?? "unknown" }
    bars = Dictionary(grouping: names) { $0 }.map { Bar(subtype: $0.key, lesions: $0.value.count) }
      .sorted { ($1.lesions, $0.subtype) < ($0.lesions, $1.subtype) }
  }

  /// One row per subtype, with its share of all lesions in percent.
  public var csv: String {
    let total = bars.reduce(0) { $0 + $1.lesions }
    return DelimitedTable.text(
      [["subtype", "lesions", "percent"]]
        + bars.map { [$0.subtype, "\($0.lesions)", String(format: "%.1f", 100 * Double($0.lesions) / Double(total))] })
  }

  /// One line per subtype, with a bar.
  public var text: String {
    let most = max(1, bars.map(\.lesions).max() ?? 1)
    let width = bars.map(\.subtype.count).max() ?? 0
    return bars.map { bar in
      let name = bar.subtype.padding(toLength: width, withPad: " ", startingAt: 0)
      return "\(name)  \(String(repeating: "#", count: max(1, bar.lesions * 40 / most))) \(bar.lesions)\n"
    }.joined()
  }
}
