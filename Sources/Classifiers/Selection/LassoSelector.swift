internal import Foundation

/// Takes the features to which a LASSO logistic regression gives a coefficient, at the penalty with the least deviance in an inner
/// cross-validation (glmnet's `lambda.min`).
///
/// Where that penalty leaves none, it is the greatest one that leaves at least one. The greatest coefficient comes first.
struct LassoSelector: FeatureSelector {
  /// How many inner folds judge the penalty.
  var folds = 10
  /// A solution is found when no coefficient's step changes the mean log likelihood by more: enough to choose by.
  var tolerance = 1e-9
  /// The penalties fall from glmnet's greatest to a hundredth of it in so many steps.
  static let penaltyCount = 60

  func choose(_ count: Int?, from training: TrainingRows, seed: UInt64) throws(ClassifierError) -> [Int] {
    let coefficients = try coefficients(training, InnerFolds(training, count: folds, seed: seed))
    let chosen = coefficients.map(abs).descendingOrder.filter { coefficients[$0] != 0 }
    return Array(chosen.prefix(count ?? chosen.count))
  }

  /// The coefficients of the penalty that these folds choose.
  func coefficients(_ training: TrainingRows, _ folds: InnerFolds) throws(ClassifierError) -> [Double] {
    let greatest = ElasticNet.greatestPenalty(training.matrix, labels: training.labels, mixing: 1)
    let penalties = (0..<Self.penaltyCount).map {
      greatest * pow(0.01, Double($0) / Double(Self.penaltyCount - 1))
    }
    let path = try self.path(training, penalties)
    var deviances = [Double](repeating: 0, count: path.count)
    for fold in folds.heldOut.indices {
      let inner = training.rows(folds.training(fold))
      let models = try self.path(inner, penalties)
      let heldOut = training.matrix.rows(folds.heldOut[fold])
      let labels = folds.heldOut[fold].map { training.labels[$0] }
      for (place, model) in models.enumerated() where place < deviances.count {
        for (probability, label) in zip(try model.scores(heldOut), labels) {
          // Within glmnet's bounds.
          let bounded = min(max(probability, 1e-5), 1 - 1e-5)
          deviances[place] -= 2 * log(label ? bounded : 1 - bounded)
        }
      }
      // A penalty at which a fold has no solution is not chosen.
      deviances.removeLast(max(0, deviances.count - models.count))
    }
    let best = deviances.indices.min { deviances[$0] < deviances[$1] } ?? 0
    let chosen = path[best...].first { $0.coefficients.contains { $0 != 0 } }
    guard let chosen else { throw ClassifierError("the LASSO gives no feature a coefficient at any penalty") }
    return chosen.coefficients
  }

  /// The models at falling penalties, as far as solutions are found.
  private func path(
    _ training: TrainingRows, _ penalties: [Double]
  ) throws(ClassifierError) -> [ElasticNet.Model] {
    try training.matrix.checkTraining(training.labels)
    let columns = StandardisedColumns(training.matrix)
    var descent = CoordinateDescent(columns, labels: training.labels, mixing: 1, tolerance: tolerance)
    var models: [ElasticNet.Model] = []
    for penalty in penalties {
      do throws(ClassifierError) {
        try descent.solve(penalty: penalty)
      } catch {
        if models.isEmpty { throw error }
        break
      }
      models.append(
        ElasticNet.Model(
          names: training.matrix.names, penalty: penalty, intercept: descent.intercept,
          coefficients: descent.coefficients, centres: columns.centres, scales: columns.scales))
    }
    return models
  }
}

extension SelectorKind {
  static let lasso = SelectorKind(
    "lasso", title: "LASSO logistic regression at the penalty of least cross-validated deviance", decidesCount: true
  ) { _ in LassoSelector() }
}
