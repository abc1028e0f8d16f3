internal import Foundation

/// Boosted trees, by xgboost with histograms and one thread.
struct GradientBoosting: Classifier {
  /// The number of trees.
  var rounds = 100
  /// The greatest depth of a tree.
  var depth = 3
  /// The share of each tree that counts (eta).
  var learningRate = 0.1
  /// The share of the rows that each tree sees, drawn by the seed.
  var rowShare = 1.0
  /// The share of the columns that each tree sees, drawn by the seed.
  var columnShare = 1.0
  /// The least sum of second derivatives in a leaf.
  var leafWeight = 1.0
  /// The squared penalty on the leaves' values.
  var penalty = 1.0

  func fit(_ matrix: FeatureMatrix, labels: [Bool], seed: UInt64) throws(ClassifierError) -> Model {
    try matrix.checkTraining(labels)
    let data = try XGBoostMatrix(matrix, labels: labels)
    let booster = try XGBoostBooster(training: data)
    let parameters = [
      ("objective", "binary:logistic"), ("tree_method", "hist"), ("eta", "\(learningRate)"),
      ("max_depth", "\(depth)"), ("subsample", "\(rowShare)"), ("colsample_bytree", "\(columnShare)"),
      ("min_child_weight", "\(leafWeight)"), ("lambda", "\(penalty)"), ("seed", "\(seed % UInt64(Int32.max))"),
    ]
    for (name, value) in parameters { try booster.set(name, value) }
    for round in 0..<rounds { try booster.update(round, with: data) }
    return Model(
      names: matrix.names, trees: try booster.saved(), importances: try booster.gains(of: matrix.columnCount))
  }

  /// xgboost's own model.
  struct Model: ClassifierModel {
    let names: [String]
    /// In xgboost's binary JSON (UBJSON).
    let trees: Data
    /// By column: its share of all the trees' gains.
    let importances: [Double]

    static var givesProbabilities: Bool { true }
    var weights: [Double]? { importances }

    func scores(_ matrix: FeatureMatrix) throws(ClassifierError) -> [Double] {
      try matrix.checkColumns(names)
      if matrix.rowCount == 0 { return [] }
      return try XGBoostBooster(saved: trees).predictions(XGBoostMatrix(matrix))
    }
  }
}

extension ClassifierKind {
  static let gradientBoosting = ClassifierKind(
    "gradientBoosting", title: "gradient-boosted trees (xgboost)",
    hyperparameters: [
      Hyperparameter("rounds", "number of trees", in: 1...10_000, isWhole: true, standard: 100, grid: [50, 150]),
      Hyperparameter("depth", "greatest depth of a tree", in: 1...20, isWhole: true, standard: 3, grid: [1, 2, 3]),
      Hyperparameter("learningRate", "share of each tree that counts", in: 1e-4...1, standard: 0.1),
      Hyperparameter("rowShare", "share of the rows that each tree sees", in: 0.1...1, standard: 0.8),
      Hyperparameter("columnShare", "share of the columns that each tree sees", in: 0.01...1, standard: 0.8),
      Hyperparameter("leafWeight", "least sum of second derivatives in a leaf", in: 0...1000, standard: 1),
      Hyperparameter("penalty", "squared penalty on the leaves' values", in: 0...1e6, standard: 1),
    ]
  ) {
    GradientBoosting(
      rounds: $0.whole("rounds"), depth: $0.whole("depth"), learningRate: $0["learningRate"],
      rowShare: $0["rowShare"], columnShare: $0["columnShare"], leafWeight: $0["leafWeight"], penalty: $0["penalty"])
  }
}
