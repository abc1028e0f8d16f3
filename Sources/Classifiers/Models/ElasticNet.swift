internal import Foundation

/// Logistic regression with an elastic-net penalty: ridge, LASSO, and what lies between.
///
/// It minimises, over standardised columns, the mean negative log likelihood plus
/// `penalty * (mixing * |b|_1 + (1 - mixing) / 2 * |b|_2^2)`; the intercept is not penalised. Friedman, Hastie & Tibshirani,
/// J Stat Softw 2010 (glmnet).
struct ElasticNet: Classifier {
  /// 0 for ridge, 1 for the LASSO.
  var mixing: Double
  /// The penalty as a share of `greatestPenalty`.
  var share: Double
  /// The solution is found when no coefficient's step changes the mean log likelihood by more.
  var tolerance = 1e-12

  func fit(_ matrix: FeatureMatrix, labels: [Bool], seed: UInt64) throws(ClassifierError) -> Model {
    // Solutions at greater penalties are good starting points, and quick to find.
    let warm = sequence(first: 0.5) { $0 / 2 }.prefix { $0 > share }
    let models = try path(matrix, labels: labels, shares: warm + [share])
    return models[models.count - 1]
  }

  /// The models at falling penalties, each begun where the one before ended; each share is of `greatestPenalty`.
  ///
  /// - Throws: `ClassifierError` where the rows cannot be fitted or a solution is not found.
  func path(_ matrix: FeatureMatrix, labels: [Bool], shares: [Double]) throws(ClassifierError) -> [Model] {
    try matrix.checkTraining(labels)
    let columns = StandardisedColumns(matrix)
    let descent = CoordinateDescent(columns, labels: labels, mixing: mixing, tolerance: tolerance)
    let greatest = descent.greatestPenalty
    var solver: any PenalisedSolver =
      mixing == 0 && matrix.columnCount > matrix.rowCount
      ? DualRidge(columns, labels: labels, tolerance: tolerance) : descent
    var models: [Model] = []
    for share in shares {
      try solver.solve(penalty: share * greatest)
      models.append(
        Model(
          names: matrix.names, penalty: share * greatest, intercept: solver.intercept,
          coefficients: solver.coefficients, centres: columns.centres, scales: columns.scales))
    }
    return models
  }

  /// The least penalty at which every coefficient of the LASSO is 0, divided by `mixing`, or by 0.001 for ridge: glmnet's.
  static func greatestPenalty(_ matrix: FeatureMatrix, labels: [Bool], mixing: Double) -> Double {
    CoordinateDescent(StandardisedColumns(matrix), labels: labels, mixing: mixing, tolerance: 1).greatestPenalty
  }

  /// Coefficients, with what standardises a row.
  struct Model: ClassifierModel {
    let names: [String]
    /// The penalty itself, glmnet's lambda.
    let penalty: Double
    /// The log odds of a row at the columns' means.
    let intercept: Double
    /// On standardised columns; 0 where a column is constant or not chosen.
    let coefficients: [Double]
    let centres: [Double]
    let scales: [Double]

    static var givesProbabilities: Bool { true }
    static var weightsAreCoefficients: Bool { true }
    var weights: [Double]? { coefficients }
    var size: ModelSize { ModelSize(coefficients.count { $0 != 0 }, .coefficients) }

    func scores(_ matrix: FeatureMatrix) throws(ClassifierError) -> [Double] {
      try matrix.checkColumns(names, lists: [coefficients.count, centres.count, scales.count])
      let chosen = coefficients.indices.filter { coefficients[$0] != 0 }
      return (0..<matrix.rowCount).map { row in
        logistic(
          chosen.reduce(intercept) { $0 + coefficients[$1] * ((matrix[row, $1] - centres[$1]) / scales[$1]) })
      }
    }
  }
}

/// What finds the coefficients at one penalty after the other, each from the solution before.
protocol PenalisedSolver {
  /// The log odds at the columns' means.
  var intercept: Double { get }
  /// A coefficient for each standardised column.
  var coefficients: [Double] { get }
  /// Finds the coefficients at a penalty.
  ///
  /// - Throws: `ClassifierError` where the search does not converge.
  mutating func solve(penalty: Double) throws(ClassifierError)
}

extension ClassifierKind {
  static let ridge = ClassifierKind(
    "ridge", title: "ridge logistic regression",
    hyperparameters: [penalty(standard: 0.01, grid: [0.3, 0.1, 0.03, 0.01, 0.003, 0.001])]
  ) { ElasticNet(mixing: 0, share: $0["penalty"]) }

  static let lasso = ClassifierKind(
    "lasso", title: "LASSO logistic regression",
    hyperparameters: [penalty(standard: 0.3, grid: [0.9, 0.7, 0.5, 0.35, 0.25, 0.15, 0.1, 0.05])]
  ) { ElasticNet(mixing: 1, share: $0["penalty"]) }

  static let elasticNet = ClassifierKind(
    "elasticNet", title: "elastic-net logistic regression",
    hyperparameters: [
      Hyperparameter(
        "mixing", "share of the absolute (LASSO) in the penalty, the rest is the square (ridge)", in: 0...1,
        standard: 0.5, grid: [0.2, 0.5, 0.8]),
      penalty(standard: 0.3, grid: [0.9, 0.6, 0.4, 0.25, 0.15, 0.1, 0.05]),
    ]
  ) { ElasticNet(mixing: $0["mixing"], share: $0["penalty"]) }

  private static func penalty(standard: Double, grid: [Double]) -> Hyperparameter {
    Hyperparameter(
      "penalty", "penalty as a share of glmnet's greatest, at which every coefficient of the LASSO is 0",
      in: 1e-5...1, standard: standard, grid: grid)
  }
}
