/// Keeps the columns on which two readings of the training rows agree: ICC(2,1) of at least a limit.
struct AgreementFilter: PipelineStep {
  /// The least intraclass correlation.
  let limit: Double

  var methods: String {
    "features with an intraclass correlation, ICC(2,1), of less than \(limit) between two readings of the training patients were "
      + "excluded"
  }

  func fit(_ training: TrainingRows) throws(ClassifierError) -> FittedStep {
    guard let second = training.secondReading else {
      throw ClassifierError(
        "agreementLimit needs features of a second reading, and there is none: import a second reader's outlines, or "
          + "remove agreementLimit")
    }
    let first = training.matrix
    var kept: [String] = []
    var mostPairs = 0
    for column in 0..<first.columnCount {
      let pairs = zip(first.column(column), second.column(column)).filter {
        Imputation.isKnown($0) && Imputation.isKnown($1)
      }
      mostPairs = max(mostPairs, pairs.count)
      if let value = intraclassCorrelation(pairs), value >= limit { kept.append(first.names[column]) }
    }
    guard mostPairs >= Self.fewestPairs else {
      throw ClassifierError(
        "agreementLimit needs at least \(Self.fewestPairs) training rows that were read twice, found \(mostPairs)")
    }
    guard !kept.isEmpty else {
      throw ClassifierError("no feature has an intraclass correlation of \(limit) or more: lower agreementLimit")
    }
    return .columns(kept)
  }

  /// With fewer, an intraclass correlation tells nothing.
  static let fewestPairs = 5
}

/// ICC(2,1): two-way random effects, absolute agreement, a single reading (Shrout & Fleiss, Psychol Bull 1979).
///
/// nil with fewer than two pairs, or where nothing varies.
func intraclassCorrelation(_ pairs: [(Double, Double)]) -> Double? {
  let count = Double(pairs.count)
  guard pairs.count >= 2 else { return nil }
  let (first, second) = (mean(pairs.map(\.0)), mean(pairs.map(\.1)))
  let grand = (first + second) / 2
  var (betweenRows, error) = (0.0, 0.0)
  for pair in pairs {
    let row = (pair.0 + pair.1) / 2
    betweenRows += 2 * (row - grand) * (row - grand)
    error += (pair.0 - row - first + grand) * (pair.0 - row - first + grand)
    error += (pair.1 - row - second + grand) * (pair.1 - row - second + grand)
  }
  let betweenReadings = count * ((first - grand) * (first - grand) + (second - grand) * (second - grand))
  betweenRows /= count - 1
  error /= count - 1
  let denominator = betweenRows + error + 2 * (betweenReadings - error) / count
  return denominator > 0 ? (betweenRows - error) / denominator : nil
}
