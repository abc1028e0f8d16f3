import Foundation

/// Logistic regression by Newton's method with step halving (iteratively reweighted least squares).
///
/// Without a ridge penalty it is the maximum-likelihood fit. Where some combination of the predictors separates the classes,
/// wholly or in part, no such fit exists; it throws if the likelihood rises without bound in some direction.
/// Source: McCullagh and Nelder, Generalized Linear Models, 1989; Albert and Anderson, Biometrika 1984 (separation).
public struct LogisticRegression: Equatable, Sendable {
  /// The intercept first, where there is one, then one for each predictor.
  public let coefficients: [Double]
  /// Of the coefficients: the inverse information, or the sandwich over clusters where those were given.
  public let covariance: [[Double]]
  /// The log-likelihood at the coefficients, without the penalty.
  public let logLikelihood: Double

  /// Fits `targets` to `rows`.
  ///
  /// - Parameters:
  ///   - rows: The predictors of each case, equally many in each row (none at all fits the intercept alone).
  ///   - targets: What is to be predicted, in 0...1: 1 for a positive case, 0 for a negative one.
  ///   - offsets: Added to each case's logit with a coefficient of 1.
  ///   - hasIntercept: Whether there is an intercept.
  ///   - ridge: The penalty: half of it times the squared coefficients, not counting the intercept (scikit-learn's 1/C).
  ///   - clusters: Where some cluster holds several cases, the covariance is Liang and Zeger's sandwich (Biometrika 1986) times
  ///     G / (G - 1).
  /// - Throws: Where there are no cases, a value isn't finite, all targets are alike, the predictors separate the classes or
  ///   follow from one another, or the iterations do not converge.
  public init(
    rows: [[Double]], targets: [Double], offsets: [Double]? = nil, hasIntercept: Bool = true, ridge: Double = 0,
    clusters: [String]? = nil
  ) throws(NotEstimable) {
    precondition(rows.count == targets.count && offsets?.count ?? rows.count == rows.count, "a target for each row")
    precondition(clusters?.count ?? rows.count == rows.count, "a cluster for each row")
    precondition(Set(rows.map(\.count)).count < 2, "rows of equal length")
    guard !rows.isEmpty else { throw .noCases }
    let offsets = offsets ?? targets.map { _ in 0 }
    let odd = rows.indices.count { !rows[$0].allSatisfy(\.isFinite) || !targets[$0].isFinite || !offsets[$0].isFinite }
    guard odd == 0 else { throw .notFinite(odd) }
    guard ridge >= 0, ridge.isFinite else { throw .badSetting("the ridge penalty must be 0 or more, found \(ridge)") }
    guard let first = targets.first, targets.contains(where: { $0 != first }) else {
      throw .oneClass(isPositive: targets.first == 1)
    }
    let problem = LogisticProblem(
      rows: hasIntercept ? rows.map { [1] + $0 } : rows, targets: targets, offsets: offsets,
      penalties: (hasIntercept ? [0] : []) + (rows.first ?? []).map { _ in ridge })
    (coefficients, covariance) = try problem.maximise(clusters: clusters)
    logLikelihood = problem.logLikelihood(coefficients)
  }

  /// The standard error of each coefficient.
  public var standardErrors: [Double] { covariance.indices.map { covariance[$0][$0].squareRoot() } }

  /// The chance of a positive where the linear predictor is `logit`.
  static func probability(logit: Double) -> Double { 1 / (1 + exp(-logit)) }
}

/// The penalised likelihood and its derivatives.
private struct LogisticProblem {
  let rows: [[Double]]
  let targets: [Double]
  let offsets: [Double]
  let penalties: [Double]

  func product(_ row: [Double], _ coefficients: [Double]) -> Double {
    zip(row, coefficients).reduce(0) { $0 + $1.0 * $1.1 }
  }

  func logits(_ coefficients: [Double]) -> [Double] {
    zip(rows, offsets).map { product($0, coefficients) + $1 }
  }

  func logLikelihood(_ coefficients: [Double]) -> Double {
    func softplus(_ value: Double) -> Double { max(value, 0) + log1p(exp(-abs(value))) }
    return zip(logits(coefficients), targets).reduce(0) { sum, case_ in
      sum - case_.1 * softplus(-case_.0) - (1 - case_.1) * softplus(case_.0)
    }
  }

  func objective(_ coefficients: [Double]) -> Double {
    logLikelihood(coefficients) - zip(penalties, coefficients).reduce(0) { $0 + $1.0 * $1.1 * $1.1 / 2 }
  }

  /// What each case adds to the gradient, the gradient, and the information.
  func derivatives(_ coefficients: [Double]) -> (residuals: [Double], gradient: [Double], information: [[Double]]) {
    let probabilities = logits(coefficients).map(LogisticRegression.probability)
    let residuals = zip(targets, probabilities).map { $0 - $1 }
    var gradient = zip(penalties, coefficients).map { -$0 * $1 }
    var information = penalties.indices.map { row in penalties.indices.map { $0 == row ? penalties[row] : 0 } }
    for (index, row) in rows.enumerated() {
      let weight = probabilities[index] * (1 - probabilities[index])
      for one in row.indices {
        gradient[one] += residuals[index] * row[one]
        for other in 0...one { information[one][other] += weight * row[one] * row[other] }
      }
    }
    for one in penalties.indices {
      for other in 0..<one { information[other][one] = information[one][other] }
    }
    return (residuals, gradient, information)
  }

  /// Whether going on along `direction` raises the likelihood without bound: no case gets worse, some get better.
  func separates(_ direction: [Double], tolerance: Double) -> Bool {
    guard penalties.allSatisfy({ $0 == 0 }) else { return false }
    let moves = zip(rows, targets).map { row, target in (2 * target - 1) * product(row, direction) }
    guard targets.allSatisfy({ $0 == 0 || $0 == 1 }), let largest = moves.map(abs).max(), largest > 0 else {
      return false
    }
    return moves.allSatisfy { $0 >= -tolerance * largest }
  }

  func maximise(clusters: [String]?) throws(NotEstimable) -> (coefficients: [Double], covariance: [[Double]]) {
    var coefficients = penalties.map { _ in 0.0 }
    var lastStep: [Double]?
    for iteration in 0..<100 {
      let (residuals, gradient, information) = derivatives(coefficients)
      guard let factor = Cholesky(information) else {
        guard let lastStep else { throw .collinear }
        throw separates(lastStep, tolerance: 1e-6) ? .separated : .notConverged
      }
      var step = factor.solve(gradient)
      // The exact inequalities prove separation at once. Separation in part shows only in the limit.
      if separates(step, tolerance: iteration < 20 ? 0 : 1e-6), !isFlat(step) { throw .separated }
      if isFlat(step) {
        return (zip(coefficients, step).map { $0 + $1 }, covariance(factor, residuals, clusters))
      }
      let start = objective(coefficients)
      var next = zip(coefficients, step).map { $0 + $1 }
      for _ in 0..<40 where !(objective(next) >= start - 1e-10 * (1 + abs(start))) {
        step = step.map { $0 / 2 }
        next = zip(coefficients, step).map { $0 + $1 }
      }
      (coefficients, lastStep) = (next, step)
    }
    throw .notConverged
  }

  /// Whether a step moves no case's logit by more than rounding.
  private func isFlat(_ step: [Double]) -> Bool { rows.allSatisfy { abs(product($0, step)) < 1e-9 } }

  private func covariance(_ factor: Cholesky, _ residuals: [Double], _ clusters: [String]?) -> [[Double]] {
    let inverse = factor.inverse
    guard let clusters, Set(clusters).count < clusters.count else { return inverse }
    let draws = ClusterDraws(clusters)
    // One row a predictor, one column a cluster: the scores, carried over to the coefficients.
    let scores = penalties.indices.map { place in draws.sums(zip(rows, residuals).map { $0[place] * $1 }) }
    let influence = inverse.map { row in
      (0..<draws.count).map { cluster in
        penalties.indices.reduce(0.0) { $0 + row[$1] * scores[$1][cluster] }
      }
    }
    let factor = draws.count > 1 ? Double(draws.count) / Double(draws.count - 1) : .nan
    return influence.map { one in influence.map { other in factor * product(one, other) } }
  }
}
