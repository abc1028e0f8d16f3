import Foundation

extension Normal {
  /// The share of the distribution above `value`.
  static func survival(_ value: Double) -> Double { erfc(value / 2.0.squareRoot()) / 2 }

  /// The share further from 0 than `value`, on both sides.
  static func twoSided(_ value: Double) -> Double { erfc(abs(value) / 2.0.squareRoot()) }
}

/// Student's t distribution.
enum StudentT {
  /// The share of the distribution further from 0 than `value`, on both sides.
  static func twoSided(_ value: Double, degrees: Double) -> Double {
    SpecialFunctions.incompleteBeta(degrees / 2, 0.5, at: degrees / (degrees + value * value))
  }

  /// The value below which a share `probability` (0.5 up to, not including, 1) of the distribution lies.
  static func quantile(_ probability: Double, degrees: Double) -> Double {
    let outside = 2 * (1 - probability)
    var (low, high) = (0.0, 1.0)
    while twoSided(high, degrees: degrees) > outside, high < 1e12 { high *= 2 }
    while true {
      let middle = (low + high) / 2
      if middle == low || middle == high { return middle }
      if twoSided(middle, degrees: degrees) > outside { low = middle } else { high = middle }
    }
  }
}

/// The chi-square distribution.
enum ChiSquare {
  /// The share of the distribution above `value`.
  static func survival(_ value: Double, degrees: Int) -> Double {
    value > 0 ? min(1, SpecialFunctions.upperGamma(Double(degrees) / 2, value / 2)) : 1
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
