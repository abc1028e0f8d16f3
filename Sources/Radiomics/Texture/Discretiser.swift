import Foundation

/// Which grey level a value has, from 1.
struct Discretiser: Sendable {
  private let low: Double
  private let width: Double
  private let kind: Kind

  private enum Kind {
    /// Bins are closed below: numpy's `digitize` of edges that `arange` makes.
    case width
    /// As `width`, of edges that `linspace` makes up to `high`, which belongs to the last of so many bins.
    case count(Int, high: Double)
    /// IBSI: a value on an edge belongs to the bin above it, but the highest to the last bin.
    case share(Int)
    /// All values are equal.
    case flat
  }

  init(
    _ discretisation: RadiomicsSettings.Discretisation, _ reading: RadiomicsSettings.Reading, _ values: [Double],
    _ resegmentation: Resegmentation?
  ) {
    let (least, most) = values.reduce((Double.infinity, -Double.infinity)) { (min($0.0, $1), max($0.1, $1)) }
    switch (discretisation, reading) {
    case (.width(let width), .pyradiomics):
      var rest = fmod(least, width)
      if rest < 0 { rest += width }
      (low, self.width, kind) = (least - rest, width, .width)
    case (.width(let width), .ibsi):
      (low, self.width, kind) = (resegmentation?.lowest ?? least, width, .width)
    case (.count(let count), .pyradiomics):
      // numpy widens a range without extent.
      let (first, last) = least == most ? (least - 0.5, most + 0.5) : (least, most)
      (low, width, kind) = (first, (last - first) / Double(count), .count(count, high: last))
    case (.count(let count), .ibsi):
      (low, width, kind) = (least, most - least, least == most ? .flat : .share(count))
    }
  }

  /// The level of a value of the lesion.
  func level(_ value: Double) -> Int {
    switch kind {
    case .width: return level(value, in: .max)
    case .count(let count, let high): return value >= high ? count : level(value, in: count)
    case .share(let count): return min(Int((Double(count) * (value - low) / width).rounded(.down)) + 1, count)
    case .flat: return 1
    }
  }

  /// How many edges are not above a value, by the edges themselves: a quotient may be off by one at an edge.
  private func level(_ value: Double, in count: Int) -> Int {
    let quotient = (value - low) / width
    guard abs(quotient) < 1e9 else { return quotient < 0 ? Int.min : Int.max }
    // An integer is rounded towards zero.
    var level = quotient < 0 ? Int(quotient.rounded(.down)) + 1 : Int(quotient) + 1
    while level > 1, edge(level - 1) > value { level -= 1 }
    while edge(level) <= value { level += 1 }
    return min(level, count)
  }

  private func edge(_ index: Int) -> Double { low + Double(index) * width }
}
