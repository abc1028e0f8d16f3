/// How the scores of a fitted model become probabilities.
enum FittedCalibration: Codable, Equatable, Sendable {
  case none
  case platt(PlattScaling)
  case isotonic(IsotonicRegression)
  /// The scores told nothing in the inner folds: everybody has the training rows' share of high grade.
  case share(Double)

  /// Fits it to out-of-fold scores.
  ///
  /// A logistic curve that falls would turn the model's order around, which few patients do by chance: the probability is then the same
  /// for all.
  init(_ method: PipelineSettings.Calibration, _ scores: [Double], _ labels: [Bool]) throws(ClassifierError) {
    switch method {
    case .none: self = .none
    case .isotonic: self = .isotonic(try IsotonicRegression(scores: scores, labels: labels))
    case .platt:
      let curve = try PlattScaling(scores: scores, labels: labels)
      self = curve.slope > 0 ? .platt(curve) : .share(Double(labels.count { $0 }) / Double(labels.count))
    }
  }

  /// The probability of high grade at a score.
  func probability(_ score: Double) -> Double {
    switch self {
    case .none: score
    case .platt(let curve): curve.probability(score)
    case .isotonic(let curve): curve.probability(score)
    case .share(let share): share
    }
  }
}
