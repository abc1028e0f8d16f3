internal import Foundation
internal import Support

/// A random forest (Breiman, Machine Learning 2001).
///
/// Each tree is grown on a bootstrap sample, and each of its splits chosen among a few random columns by Gini impurity. The
/// score is the mean of the leaves' shares of high-grade rows.
struct RandomForest: Classifier {
  /// The number of trees.
  var treeCount = 500
  /// The least number of distinct rows in a leaf.
  var leafSize = 1
  /// The number of columns that are tried for a split; nil for the square root of all.
  var columnsTried: Int?

  func fit(_ matrix: FeatureMatrix, labels: [Bool], seed: UInt64) throws(ClassifierError) -> Model {
    try matrix.checkTraining(labels)
    let tried = columnsTried ?? Int(Double(matrix.columnCount).squareRoot())
    let grower = TreeGrower(
      matrix, labels: labels, leafSize: leafSize, columnsTried: max(1, min(tried, matrix.columnCount)))
    var trees: [DecisionTree] = []
    var importances = Array(repeating: 0.0, count: matrix.columnCount)
    for index in 0..<treeCount {
      var generator = SplitMix64(seed: seed, stream: UInt64(index))
      var weights = Array(repeating: 0, count: matrix.rowCount)
      for _ in 0..<matrix.rowCount { weights[generator.below(matrix.rowCount)] += 1 }
      let (tree, decreases) = grower.grow(weights, using: &generator)
      trees.append(tree)
      let sum = decreases.reduce(0) { $0 + $1.decrease }
      for (column, decrease) in decreases { importances[column] += decrease / sum }
    }
    let sum = importances.reduce(0, +)
    return Model(
      names: matrix.names, trees: trees, importances: sum > 0 ? importances.map { $0 / sum } : importances)
  }

  /// The trees.
  struct Model: ClassifierModel {
    let names: [String]
    let trees: [DecisionTree]
    /// By column: the mean over the trees of its share of the decrease of impurity.
    let importances: [Double]

    static var givesProbabilities: Bool { true }
    var weights: [Double]? { importances }
    var size: ModelSize { ModelSize(trees.reduce(0) { $0 + $1.nodeCount }, .treeNodes) }

    func scores(_ matrix: FeatureMatrix) throws(ClassifierError) -> [Double] {
      try matrix.checkColumns(names)
      try checkTrees(trees, of: names)
      return (0..<matrix.rowCount).map { index in
        let row = Array(matrix.row(index))
        return trees.reduce(0) { $0 + $1.value(row) } / Double(trees.count)
      }
    }
  }
}

extension ClassifierKind {
  static let randomForest = ClassifierKind(
    "randomForest", title: "random forest",
    hyperparameters: [
      Hyperparameter("trees", "number of trees", in: 1...10_000, isWhole: true, standard: 500),
      Hyperparameter(
        "leafSize", "least number of distinct rows in a leaf", in: 1...1000, isWhole: true, standard: 1,
        grid: [1, 3, 5]),
    ]
  ) { RandomForest(treeCount: $0.whole("trees"), leafSize: $0.whole("leafSize")) }
}
