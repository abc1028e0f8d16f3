internal import Foundation

/// Solves the elastic net's problem one coefficient at a time, on a quadratic approximation of the likelihood that is renewed
/// until it no longer changes (glmnet's method); the state stays for the next, smaller penalty.
struct CoordinateDescent: PenalisedSolver {
  private let columns: StandardisedColumns
  private let targets: [Double]
  private let mixing: Double
  private let tolerance: Double
  /// The columns that are not constant.
  private let usable: [Int]
  /// The last penalty, nil before the first.
  private var solvedPenalty: Double?
  /// The log odds of each row.
  private var odds: [Double]
  private(set) var intercept: Double
  private(set) var coefficients: [Double]

  /// So many sweeps over the coefficients are taken before the search is given up.
  private static let sweepLimit = 200_000

  init(_ columns: StandardisedColumns, labels: [Bool], mixing: Double, tolerance: Double) {
    self.columns = columns
    self.mixing = mixing
    self.tolerance = tolerance
    targets = labels.map { $0 ? 1 : 0 }
    usable = columns.scales.indices.filter { columns.scales[$0] > 0 }
    let share = targets.reduce(0, +) / Double(labels.count)
    intercept = log(share / (1 - share))
    coefficients = Array(repeating: 0, count: columns.scales.count)
    odds = Array(repeating: intercept, count: labels.count)
  }

  /// glmnet's greatest penalty, in the state before the first solution.
  var greatestPenalty: Double {
    gradients().reduce(0) { max($0, abs($1)) } / max(mixing, 0.001)
  }

  mutating func solve(penalty: Double) throws(ClassifierError) {
    let threshold = penalty * mixing
    let before = gradients()
    // Sequential strong rule (Tibshirani et al. 2012): what it rejects is checked afterwards.
    let bound = mixing * (2 * penalty - (solvedPenalty ?? penalty))
    var isCandidate = Array(repeating: false, count: coefficients.count)
    for column in usable where coefficients[column] != 0 || abs(before[column]) >= bound {
      isCandidate[column] = true
    }
    var sweeps = 0
    while true {
      try fit(usable.filter { isCandidate[$0] }, penalty: penalty, sweeps: &sweeps)
      let after = gradients()
      let missed = usable.filter { !isCandidate[$0] && abs(after[$0]) > threshold }
      if missed.isEmpty { break }
      for column in missed { isCandidate[column] = true }
    }
    solvedPenalty = penalty
  }

  /// The derivative of the mean log likelihood by each coefficient.
  private func gradients() -> [Double] {
    let residuals = zip(targets, odds).map { $0 - logistic($1) }
    let count = columns.rowCount
    var found = Array(repeating: 0.0, count: coefficients.count)
    columns.values.withUnsafeBufferPointer { values in
      residuals.withUnsafeBufferPointer { residuals in
        guard let values = values.baseAddress, let residuals = residuals.baseAddress else { return }
        for column in usable {
          found[column] = dot(values + column * count, residuals, count: count) / Double(count)
        }
      }
    }
    return found
  }

  /// The function that is minimised.
  private func objective(penalty: Double) -> Double {
    let loss = zip(targets, odds).reduce(0) { $0 + softplus($1.1) - $1.0 * $1.1 } / Double(targets.count)
    return coefficients.reduce(loss) {
      $0 + penalty * (mixing * abs($1) + (1 - mixing) / 2 * $1 * $1)
    }
  }

  /// Fits these columns' coefficients and the intercept; the others stay 0.
  private mutating func fit(_ candidates: [Int], penalty: Double, sweeps: inout Int) throws(ClassifierError) {
    var value = objective(penalty: penalty)
    while true {
      let (start, startIntercept, startOdds) = (coefficients, intercept, odds)
      let change = try fitQuadratic(candidates, penalty: penalty, sweeps: &sweeps)
      var next = objective(penalty: penalty)
      // Halve the step while the approximation promised more than the likelihood gives.
      var step = 1.0
      while next > value + 1e-13 * abs(value), step > 1e-6 {
        step /= 2
        for column in candidates { coefficients[column] = (coefficients[column] + start[column]) / 2 }
        intercept = (intercept + startIntercept) / 2
        for row in odds.indices { odds[row] = (odds[row] + startOdds[row]) / 2 }
        next = objective(penalty: penalty)
      }
      value = next
      if change < tolerance { return }
    }
  }

  /// Minimises the quadratic approximation at the present odds.
  ///
  /// - Returns: the greatest change that a coefficient made to the approximated mean log likelihood.
  private mutating func fitQuadratic(
    _ candidates: [Int], penalty: Double, sweeps: inout Int
  ) throws(ClassifierError) -> Double {
    let rows = Double(columns.rowCount)
    let probabilities = odds.map(logistic)
    let caseWeights = probabilities.map { max($0 * (1 - $0), 1e-9) / rows }
    let totalWeight = caseWeights.reduce(0, +)
    // Each row's weight times what the approximation leaves unexplained.
    var residuals = zip(targets, probabilities).map { ($0 - $1) / rows }
    let (start, startIntercept) = (coefficients, intercept)
    let weighted = WeightedColumns(columns, candidates, caseWeights)

    func sweep(_ places: [Int]) -> Double {
      var greatest = 0.0
      for place in places {
        let column = candidates[place]
        let curvature = weighted.curvatures[place]
        let old = coefficients[column]
        let pull = weighted.product(place, residuals) + curvature * old
        let new = Self.shrunk(pull, by: penalty * mixing) / (curvature + penalty * (1 - mixing))
        guard new != old else { continue }
        coefficients[column] = new
        weighted.subtract(new - old, place, from: &residuals)
        greatest = max(greatest, curvature * (new - old) * (new - old))
      }
      let shift = residuals.reduce(0, +) / totalWeight
      intercept += shift
      for row in residuals.indices { residuals[row] -= shift * caseWeights[row] }
      return max(greatest, totalWeight * shift * shift)
    }

    func count() throws(ClassifierError) {
      sweeps += 1
      guard sweeps < Self.sweepLimit else {
        throw ClassifierError(
          "the penalised logistic regression did not converge at a penalty of \(penalty): choose a greater one")
      }
    }

    while sweep(Array(candidates.indices)) >= tolerance {
      let active = candidates.indices.filter { coefficients[candidates[$0]] != 0 }
      while sweep(active) >= tolerance { try count() }
      try count()
    }

    let shift = intercept - startIntercept
    for row in odds.indices { odds[row] += shift }
    var greatest = totalWeight * shift * shift
    for (place, column) in candidates.enumerated() where coefficients[column] != start[column] {
      let change = coefficients[column] - start[column]
      weighted.add(change, place, to: &odds)
      greatest = max(greatest, weighted.curvatures[place] * change * change)
    }
    return greatest
  }

  private static func shrunk(_ value: Double, by threshold: Double) -> Double {
    value > threshold ? value - threshold : value < -threshold ? value + threshold : 0
  }
}
