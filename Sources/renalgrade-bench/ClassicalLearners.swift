import ArgumentParser
import Classifiers

/// Times fits of a classical learner to a table of radiomics' shape.
struct ClassicalLearners: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "classifiers", abstract: "Time fits of a classical learner to 100 rows of 1,316 features.")

  @Argument(help: "The classifier's name: lasso, linearSVM or randomForest.")
  var classifier: String

  @Option(help: "Repetitions after the first, which warms up.")
  var repetitions = 5

  func run() throws {
    let (matrix, labels) = try Self.table(rows: 100, columns: 1316)
    let kind = try ClassifierKind.named(classifier)
    let candidates: [[String: Double]] =
      switch kind.name {
      case "lasso": kind.grid
      case "linearSVM": [["cost": 1, "balanced": 0]]
      default: [[:]]
      }
    var times: [Double] = []
    var mean = 0.0
    for _ in 0...repetitions {
      times.append(
        try seconds {
          for candidate in candidates {
            let model = try FittedClassifier(
              kind, hyperparameters: candidate, matrix: matrix, labels: labels, seed: 1
            ).model
            mean = try model.scores(matrix).reduce(0, +) / Double(matrix.rowCount)
          }
        })
    }
    try Measurement(seconds: Array(times.dropFirst()), items: Double(candidates.count), mean: mean).print()
  }

  /// The table that Benchmarks/peers/classifiers.py makes, too: numbers by SplitMix64, of which ten columns know the label.
  private static func table(rows: Int, columns: Int) throws -> (FeatureMatrix, [Bool]) {
    let labels = (0..<rows).map { [1, 4, 6, 9, 12, 15, 18].contains($0 % 20) }
    let values = (0..<rows).map { row in
      (0..<columns).map { column in
        var z = UInt64(row * columns + column + 1) &* 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        let uniform = Double((z ^ (z >> 31)) >> 11) * 0x1p-53
        return 2 * uniform - 1 + (labels[row] && column < 10 ? 0.5 : 0)
      }
    }
    return (try FeatureMatrix(names: (0..<columns).map { "column \($0)" }, rows: values), labels)
  }
}
