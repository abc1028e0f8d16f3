internal import Support

/// A fitted pipeline: what a model file keeps, and all that predicts a row.
public struct FittedPipeline: Codable, Sendable {
  /// What tuning and selection chose.
  public struct Choice: Codable, Equatable, Sendable {
    /// How many features there were to choose from.
    public let candidateFeatures: Int
    /// The hyperparameters that were used, where they are not the standard ones.
    public let hyperparameters: [String: Double]
    /// The most features that were allowed; nil where the selection decided.
    public let featureCount: Int?
    /// How many combinations were tried.
    public let combinations: Int
    /// The mean AUC of the chosen combination in inner folds, which is optimistic since it was chosen by it; nil without inner folds.
    public let innerAUC: Double?
  }

  /// The columns that it was fitted with, in their order.
  public let inputs: [String]
  private let steps: [FittedStep]
  private let classifier: FittedClassifier
  private let calibration: FittedCalibration
  /// What tuning and selection chose.
  public let choice: Choice

  init(
    inputs: [String], steps: [FittedStep], classifier: FittedClassifier, calibration: FittedCalibration,
    choice: Choice
  ) {
    self.inputs = inputs
    self.steps = steps
    self.classifier = classifier
    self.calibration = calibration
    self.choice = choice
  }

  /// The features that the classifier sees, in the order of `weights`.
  public var features: [String] {
    if case .columns(let names) = steps.last { names } else { inputs }
  }

  /// By feature: the coefficient on the scaled feature, or its importance; nil where the classifier has neither.
  public var weights: [Double]? { classifier.model.weights }

  /// Whether the weights are coefficients, whose sign tells the direction, rather than importances.
  public var weightsAreCoefficients: Bool { type(of: classifier.model).weightsAreCoefficients }

  /// How large the classifier is, without the steps before it.
  public var size: ModelSize { classifier.model.size }

  /// The probability of high grade of each row.
  ///
  /// - Throws: `ClassifierError` where the columns are not those of the training rows.
  public func probabilities(_ matrix: FeatureMatrix) throws(ClassifierError) -> [Double] {
    guard matrix.rowCount > 0 else { return [] }
    return try classifier.model.scores(prepared(matrix)).map(calibration.probability)
  }

  /// By feature: how much the AUC on some rows falls when the feature's values are permuted among them, the mean of `repeats` draws.
  ///
  /// For rows that were not learnt from. nil where they are of one class.
  /// - Throws: `ClassifierError` where the columns are not those of the training rows.
  public func permutationImportance(
    _ matrix: FeatureMatrix, labels: [Bool], repeats: Int = 10, seed: UInt64
  ) throws(ClassifierError) -> [Double]? {
    let table = try prepared(matrix)
    guard let whole = rankAUC(try classifier.model.scores(table), labels) else { return nil }
    var generator = SplitMix64(seed: seed, stream: 3)
    var found: [Double] = []
    for feature in 0..<table.columnCount {
      let column = table.column(feature)
      var sum = 0.0
      for _ in 0..<repeats {
        let permuted = column.shuffled(using: &generator)
        let changed = FeatureMatrix(
          names: table.names, rowCount: table.rowCount,
          values: (0..<table.rowCount).flatMap { row in
            (0..<table.columnCount).map { $0 == feature ? permuted[row] : table[row, $0] }
          })
        sum += whole - (rankAUC(try classifier.model.scores(changed), labels) ?? whole)
      }
      found.append(sum / Double(repeats))
    }
    return found
  }

  /// The rows after every step, as the classifier sees them.
  private func prepared(_ matrix: FeatureMatrix) throws(ClassifierError) -> FeatureMatrix {
    guard matrix.names == inputs else {
      throw ClassifierError(
        "the columns must be the \(inputs.count) of the training rows in their order, found \(matrix.columnCount) "
          + (matrix.columnCount == inputs.count ? "with other names" : "columns"))
    }
    var table = matrix
    for step in steps { table = try step.applied(to: table) }
    return table
  }
}
