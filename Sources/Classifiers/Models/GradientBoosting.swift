internal import Foundation

/// Boosted trees, by xgboost with histograms and one thread.
///
/// Columns are not sampled: xgboost shuffles them by the C++ library, whose versions differ, so that the trees would depend on
/// how xgboost was built.
struct GradientBoosting: Classifier {
  /// The number of trees.
  var rounds = 100
  /// The greatest depth of a tree.
  var depth = 3
  /// The share of each tree that counts (eta).
  var learningRate = 0.1
  /// The share of the rows that each tree sees, drawn by the seed.
  var rowShare = 1.0
  /// The least sum of second derivatives in a leaf.
  var leafWeight = 1.0
  /// The squared penalty on the leaves' values.
  var penalty = 1.0

  func fit(_ matrix: FeatureMatrix, labels: [Bool], seed: UInt64) throws(ClassifierError) -> Model {
    try matrix.checkTraining(labels)
    let data = try XGBoostMatrix(matrix, labels: labels)
    let booster = try XGBoostBooster(training: data)
    // xgboost is given raw pointers, which keep nothing alive.
    defer { withExtendedLifetime((data, booster)) {} }
    let parameters = [
      ("objective", "binary:logistic"), ("base_score", "0.5"), ("tree_method", "hist"), ("eta", "\(learningRate)"),
      ("max_depth", "\(depth)"), ("subsample", "\(rowShare)"),
      ("min_child_weight", "\(leafWeight)"), ("lambda", "\(penalty)"), ("seed", "\(seed % UInt64(Int32.max))"),
    ]
    for (name, value) in parameters { try booster.set(name, value) }
    for round in 0..<rounds { try booster.update(round, with: data) }
    let saved = try booster.saved()
    let gains = saved.gains(of: matrix.columnCount)
    let sum = gains.reduce(0, +)
    return Model(
      names: matrix.names, trees: saved.trees.map(\.decisionTree),
      importances: sum > 0 ? gains.map { $0 / sum } : gains)
  }

  /// xgboost's trees, read by us: xgboost itself crashes on a damaged model.
  struct Model: ClassifierModel {
    let names: [String]
    /// The leaves' values are log odds.
    let trees: [DecisionTree]
    /// By column: its share of all the trees' gains.
    let importances: [Double]

    static var givesProbabilities: Bool { true }
    var weights: [Double]? { importances }
    var size: ModelSize { ModelSize(trees.reduce(0) { $0 + $1.nodeCount }, .treeNodes) }

    func scores(_ matrix: FeatureMatrix) throws(ClassifierError) -> [Double] {
      try matrix.checkColumns(names)
      try checkTrees(trees, of: names)
      return (0..<matrix.rowCount).map { index in
        // In single precision, as xgboost does.
        let row = matrix.row(index).map { Double(Float($0)) }
        let odds = trees.reduce(Float(0)) { $0 + Float($1.value(row)) }
        return Double(1 / (1 + exp(-odds)))
      }
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
      Hyperparameter("leafWeight", "least sum of second derivatives in a leaf", in: 0...1000, standard: 1),
      Hyperparameter("penalty", "squared penalty on the leaves' values", in: 0...1e6, standard: 1),
    ]
  ) {
    GradientBoosting(
      rounds: $0.whole("rounds"), depth: $0.whole("depth"), learningRate: $0["learningRate"],
      rowShare: $0["rowShare"], leafWeight: $0["leafWeight"], penalty: $0["penalty"])
  }
}
