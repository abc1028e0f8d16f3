/// A step before the classifier: it is fitted to training rows, and what it made of them is applied to others.
protocol PipelineStep: Sendable {
  /// What it does, as a sentence of a report's methods has it, such as "standardised by mean and standard deviation".
  var methods: String { get }
  /// Fits the step.
  ///
  /// - Throws: `ClassifierError` where the rows lack what it needs.
  func fit(_ training: TrainingRows) throws(ClassifierError) -> FittedStep
}

/// What a step came to: all that a model file needs to repeat it.
enum FittedStep: Codable, Equatable, Sendable {
  case imputation(Imputation.Fitted)
  case scaling(Scaling.Fitted)
  /// The columns that stay.
  case columns([String])

  /// The table after the step.
  ///
  /// - Throws: `ClassifierError` where a column is not there.
  func applied(to matrix: FeatureMatrix) throws(ClassifierError) -> FeatureMatrix {
    switch self {
    case .imputation(let fitted): try fitted.applied(to: matrix)
    case .scaling(let fitted): try fitted.applied(to: matrix)
    case .columns(let names): try matrix.columns(named: names)
    }
  }
}
