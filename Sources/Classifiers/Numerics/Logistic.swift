internal import Foundation

/// The probability of log odds, exact at both ends.
func logistic(_ odds: Double) -> Double {
  if odds >= 0 { return 1 / (1 + exp(-odds)) }
  let power = exp(odds)
  return power / (1 + power)
}

/// log(1 + exp(x)) without overflow.
func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }
