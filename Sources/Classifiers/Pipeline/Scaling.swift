internal import Support

/// Each column minus its centre, divided by its spread, both those of the training rows; a spread of 0 counts as 1.
struct Scaling: PipelineStep {
  /// What centre and spread are.
  enum Method: String, Codable, CaseIterable, Sendable {
    /// Mean and standard deviation (of the population).
    case standard
    /// Median and interquartile range.
    case robust
  }

  let method: Method

  var methods: String {
    switch method {
    case .standard: "features were standardised by mean and standard deviation"
    case .robust: "features were scaled by median and interquartile range"
    }
  }

  func fit(_ training: TrainingRows) throws(ClassifierError) -> FittedStep {
    let matrix = training.matrix
    let found = (0..<matrix.columnCount).map { column in
      let values = matrix.column(column)
      switch method {
      case .standard: return (mean(values), variance(values).squareRoot())
      case .robust:
        let sorted = values.sorted()
        let quartiles = [0.25, 0.5, 0.75].map { Quantile.value($0, ofSorted: sorted) }
        return (quartiles[1], quartiles[2] - quartiles[0])
      }
    }
    // Less than rounding leaves of a constant column is no spread.
    let spreads = found.map { $1 > abs($0) * 1e-14 ? $1 : 1 }
    return .scaling(Fitted(names: matrix.names, centres: found.map(\.0), spreads: spreads))
  }

  /// Centre and spread by column.
  struct Fitted: Codable, Equatable {
    let names: [String]
    let centres: [Double]
    let spreads: [Double]

    func applied(to matrix: FeatureMatrix) throws(ClassifierError) -> FeatureMatrix {
      guard names.count == centres.count, names.count == spreads.count else {
        throw ClassifierError("the model's scaling does not fit its \(names.count) columns: its file is damaged")
      }
      return try matrix.columns(named: names).mapped { ($0 - centres[$1]) / spreads[$1] }
    }
  }
}
