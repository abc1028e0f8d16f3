internal import Foundation

/// Turns scores into probabilities by a logistic curve (Platt 1999), with his smoothed targets.
struct PlattScaling: Codable, Equatable {
  /// The log odds per unit of the score.
  let slope: Double
  /// The log odds at a score of 0.
  let intercept: Double

  /// Fits the curve by Newton's method with backtracking (Lin, Lin & Weng 2007).
  ///
  /// - Throws: `ClassifierError` where a class has no score, or a score is not finite.
  init(scores: [Double], labels: [Bool]) throws(ClassifierError) {
    try checkCalibration(scores, labels)
    let high = Double(labels.count { $0 })
    let low = Double(labels.count) - high
    let targets = labels.map { $0 ? (high + 1) / (high + 2) : 1 / (low + 2) }
    // Scores of any size become numbers about 1.
    let scale = scores.reduce(0) { max($0, abs($1)) }
    let inputs = scale > 0 ? scores.map { $0 / scale } : scores

    func loss(_ slope: Double, _ intercept: Double) -> Double {
      zip(inputs, targets).reduce(0) {
        let odds = slope * $1.0 + intercept
        return $0 + softplus(odds) - $1.1 * odds
      }
    }
    var (slope, intercept) = (0.0, log((high + 1) / (low + 1)))
    var value = loss(slope, intercept)
    for _ in 0..<200 {
      // Slightly more than the second derivatives, so that the matrix can be inverted.
      var (curveSlope, curveBoth, curveIntercept) = (1e-12, 0.0, 1e-12)
      var (pullSlope, pullIntercept) = (0.0, 0.0)
      for (input, target) in zip(inputs, targets) {
        let probability = logistic(slope * input + intercept)
        let weight = probability * (1 - probability)
        curveSlope += weight * input * input
        curveBoth += weight * input
        curveIntercept += weight
        pullSlope += (probability - target) * input
        pullIntercept += probability - target
      }
      if max(abs(pullSlope), abs(pullIntercept)) < 1e-12 { break }
      let determinant = curveSlope * curveIntercept - curveBoth * curveBoth
      let stepSlope = (curveBoth * pullIntercept - curveIntercept * pullSlope) / determinant
      let stepIntercept = (curveBoth * pullSlope - curveSlope * pullIntercept) / determinant
      let descent = pullSlope * stepSlope + pullIntercept * stepIntercept
      var share = 1.0
      while share > 1e-10 {
        let next = loss(slope + share * stepSlope, intercept + share * stepIntercept)
        // So near the end, the loss is all rounding, and Newton's step is right.
        if next < value + 1e-4 * share * descent || abs(descent) < 1e-12 * value {
          slope += share * stepSlope
          intercept += share * stepIntercept
          value = next
          break
        }
        share /= 2
      }
      if share <= 1e-10 { break }
    }
    self.slope = scale > 0 ? slope / scale : 0
    self.intercept = intercept
  }

  /// The probability of high grade at a score.
  func probability(_ score: Double) -> Double { logistic(slope * score + intercept) }
}

/// Checks what every calibration asks of its scores.
func checkCalibration(_ scores: [Double], _ labels: [Bool]) throws(ClassifierError) {
  guard scores.count == labels.count else {
    throw ClassifierError("every score needs a label: there are \(scores.count) scores and \(labels.count) labels")
  }
  guard labels.contains(true), labels.contains(false) else {
    throw ClassifierError("calibration needs scores of both classes, found those of one")
  }
  guard scores.allSatisfy(\.isFinite) else { throw ClassifierError("calibration needs finite scores") }
}
