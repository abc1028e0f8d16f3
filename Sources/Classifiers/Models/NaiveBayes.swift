internal import Foundation

/// Gaussian naive Bayes: within a class the features are independent and normally distributed.
struct NaiveBayes: Classifier {
  /// The share of the greatest feature variance that is added to every variance, so that none is zero.
  var smoothing = 1e-9

  func fit(_ matrix: FeatureMatrix, labels: [Bool], seed: UInt64) throws(ClassifierError) -> Model {
    let positives = try matrix.checkTraining(labels)
    let everything = Array(repeating: true, count: matrix.rowCount)
    let added = smoothing * (Model.Normals(matrix, where: everything).variances.max() ?? 0)
    return Model(
      names: matrix.names, prior: Double(positives) / Double(matrix.rowCount),
      low: Model.Normals(matrix, where: labels.map { !$0 }, added: added),
      high: Model.Normals(matrix, where: labels, added: added))
  }

  /// The classes' means and variances.
  struct Model: ClassifierModel {
    /// A normal distribution for each feature.
    struct Normals: Codable {
      let means: [Double]
      let variances: [Double]

      init(_ matrix: FeatureMatrix, where isMember: [Bool], added: Double = 0) {
        let columns = (0..<matrix.columnCount).map { column in
          let values = isMember.indices.filter { isMember[$0] }.map { matrix[$0, column] }
          let mean = values.reduce(0, +) / Double(values.count)
          return (mean, values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count) + added)
        }
        means = columns.map(\.0)
        variances = columns.map(\.1)
      }

      /// The logarithm of a row's density; a feature that never varied anywhere says nothing.
      func logDensity(_ row: ArraySlice<Double>) -> Double {
        var sum = 0.0
        for (value, (mean, variance)) in zip(row, zip(means, variances)) where variance > 0 {
          sum -= 0.5 * (log(2 * .pi * variance) + (value - mean) * (value - mean) / variance)
        }
        return sum
      }
    }

    let names: [String]
    /// The share of high-grade rows in training.
    let prior: Double
    let low: Normals
    let high: Normals

    static var givesProbabilities: Bool { true }
    var weights: [Double]? { nil }
    var size: ModelSize { ModelSize(4 * names.count + 1, .parameters) }

    func scores(_ matrix: FeatureMatrix) throws(ClassifierError) -> [Double] {
      try matrix.checkColumns(
        names, lists: [low, high].flatMap { [$0.means.count, $0.variances.count] })
      return (0..<matrix.rowCount).map { index in
        let row = matrix.row(index)
        return logistic(log(prior / (1 - prior)) + high.logDensity(row) - low.logDensity(row))
      }
    }
  }
}

extension ClassifierKind {
  static let naiveBayes = ClassifierKind(
    "naiveBayes", title: "Gaussian naive Bayes",
    hyperparameters: [
      Hyperparameter(
        "smoothing", "share of the greatest feature variance that is added to every variance", in: 0...1,
        standard: 1e-9)
    ]
  ) { NaiveBayes(smoothing: $0["smoothing"]) }
}
