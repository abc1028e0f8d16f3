import Foundation

extension Normal {
  /// The share of the distribution above `value`.
  static func survival(_ value: Double) -> Double { erfc(value / 2.0.squareRoot()) / 2 }

  /// The share further from 0 than `value`, on both sides.
  static func twoSided(_ value: Double) -> Double { erfc(abs(value) / 2.0.squareRoot()) }
}

/// The chi-square distribution with a whole number of degrees of freedom.
enum ChiSquare {
  /// The share of the distribution above `value`.
  ///
  /// Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.4.4 and 26.4.5.
  static func survival(_ value: Double, degrees: Int) -> Double {
    guard value > 0 else { return 1 }
    let half = value / 2
    let isEven = degrees.isMultiple(of: 2)
    // Each term is the last one times half / (its own degree); the first belongs to 0 or 1/2.
    var sum = isEven ? 0 : erfc(half.squareRoot())
    var term = isEven ? exp(-half) : exp(-half) * (half / .pi).squareRoot() * 2
    var degree = isEven ? 1.0 : 1.5
    for _ in 0..<(degrees / 2) {
      sum += term
      term *= half / degree
      degree += 1
    }
    return min(1, sum)
  }
}

/// How many heads a fair coin gives.
enum FairCoin {
  /// The chance of `heads` or fewer in `tosses`, and of exactly `heads`; `heads` in 0...tosses.
  static func lowerTail(_ heads: Int, of tosses: Int) -> (atMost: Double, exactly: Double) {
    let choices = (0..<heads).reduce(0.0) { $0 + log(Double(tosses - $1) / Double($1 + 1)) }
    let exactly = exp(choices - Double(tosses) * log(2))
    var (term, sum) = (exactly, exactly)
    for fewer in stride(from: heads, to: 0, by: -1) {
      term *= Double(fewer) / Double(tosses - fewer + 1)
      sum += term
    }
    return (sum, exactly)
  }
}
