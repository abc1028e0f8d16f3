internal import Support

/// A missing value becomes the training rows' median of its column, and a column tells where values were missing.
///
/// Columns that miss values in the same training rows share one indicator. Values beyond ±1e38 count as missing. A column without
/// any training value is excluded.
struct Imputation: PipelineStep {
  var methods: String {
    "missing values were replaced by the median, with an indicator for each pattern of missing values"
  }

  func fit(_ training: TrainingRows) throws(ClassifierError) -> FittedStep {
    let matrix = training.matrix
    var fitted = Fitted(names: [], medians: [], indicators: [])
    var seen: Set<[Bool]> = []
    for column in 0..<matrix.columnCount {
      let values = matrix.column(column)
      let isMissing = values.map { !Self.isKnown($0) }
      let known = values.filter(Self.isKnown).sorted()
      guard !known.isEmpty else { continue }
      fitted.names.append(matrix.names[column])
      fitted.medians.append(Quantile.value(0.5, ofSorted: known))
      if isMissing.contains(true), seen.insert(isMissing).inserted { fitted.indicators.append(matrix.names[column]) }
    }
    guard !fitted.names.isEmpty else { throw ClassifierError("no feature has a value in the training rows") }
    return .imputation(fitted)
  }

  static func isKnown(_ value: Double) -> Bool { value.magnitude <= FeatureMatrix.greatest }

  /// The columns that stay, with what replaces a missing value.
  struct Fitted: Codable, Equatable {
    fileprivate(set) var names: [String]
    fileprivate(set) var medians: [Double]
    /// The columns that have an indicator.
    fileprivate(set) var indicators: [String]

    func applied(to matrix: FeatureMatrix) throws(ClassifierError) -> FeatureMatrix {
      guard names.count == medians.count else {
        throw ClassifierError("the model has \(names.count) columns and \(medians.count) medians: its file is damaged")
      }
      let missing = try matrix.columns(named: indicators)
      let columns = missing.names.indices.map { column in
        ("\(missing.names[column]) missing", missing.column(column).map { isKnown($0) ? 0.0 : 1 })
      }
      return try matrix.columns(named: names).mapped { isKnown($0) ? $0 : medians[$1] }.appending(columns)
    }
  }
}
