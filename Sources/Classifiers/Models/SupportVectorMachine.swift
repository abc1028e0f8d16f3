internal import CLibSVM
internal import Foundation

/// A support vector machine, by libsvm.
///
/// Its scores are decision values. libsvm's own probabilities are never asked for: they draw from `rand()`, and their sign can
/// flip where there are few cases.
struct SupportVectorMachine: Classifier {
  /// How two rows are compared.
  enum Kernel: Codable, Equatable {
    case linear
    /// exp(-gamma |a - b|^2)
    case radial(gamma: Double)
  }

  /// The cost of a training row on the wrong side of the margin.
  var cost = 1.0
  /// nil for a linear kernel; otherwise gamma as a multiple of 1 / (features * variance of all values), scikit-learn's "scale".
  var gammaScale: Double?
  /// Whether costs are inversely proportional to the classes' counts, as scikit-learn's "balanced".
  var isBalanced = false
  /// libsvm's stopping criterion: by how much the optimality conditions may be violated.
  ///
  /// libsvm keeps kernels in single precision, so that much less is out of reach at great costs.
  var tolerance = 1e-4

  func fit(_ matrix: FeatureMatrix, labels: [Bool], seed: UInt64) throws(ClassifierError) -> Model {
    let positives = try matrix.checkTraining(labels)
    let total = Double(matrix.rowCount)
    let weights =
      isBalanced
      ? (low: total / Double(2 * (matrix.rowCount - positives)), high: total / Double(2 * positives))
      : (low: 1, high: 1)
    let kernel: Kernel = gammaScale.map { .radial(gamma: $0 * Self.scale(matrix)) } ?? .linear
    let training = SVMTraining(matrix, labels: labels)
    let fitted = try training.run(kernel: kernel, cost: cost, weights: weights, tolerance: tolerance)
    return Model(matrix, kernel: kernel, support: fitted.support, offset: fitted.offset)
  }

  /// 1 / (features * variance of all values), or 1 / features where they do not vary.
  private static func scale(_ matrix: FeatureMatrix) -> Double {
    let count = Double(matrix.values.count)
    let mean = matrix.values.reduce(0) { $0 + $1 / count }
    let variance = matrix.values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) / count }
    return 1 / (Double(matrix.columnCount) * (variance > 0 ? variance : 1))
  }

  /// A decision function.
  struct Model: ClassifierModel {
    let names: [String]
    let kernel: Kernel
    /// The support vectors, row by row; of a linear kernel their weighted sum alone.
    let vectors: [[Double]]
    /// The weight of each vector: positive where it is of high grade.
    let coefficients: [Double]
    /// What is added to the weighted sum of kernels.
    let offset: Double

    static var givesProbabilities: Bool { false }
    static var weightsAreCoefficients: Bool { true }
    var weights: [Double]? { kernel == .linear ? vectors.first : nil }
    var size: ModelSize {
      weights.map { ModelSize($0.count { $0 != 0 }, .coefficients) } ?? ModelSize(vectors.count, .supportVectors)
    }

    init(_ matrix: FeatureMatrix, kernel: Kernel, support: [(row: Int, coefficient: Double)], offset: Double) {
      names = matrix.names
      self.kernel = kernel
      self.offset = offset
      if kernel == .linear {
        var sum = Array(repeating: 0.0, count: matrix.columnCount)
        for (row, coefficient) in support {
          for (column, value) in matrix.row(row).enumerated() { sum[column] += coefficient * value }
        }
        vectors = [sum]
        coefficients = [1]
      } else {
        vectors = support.map { Array(matrix.row($0.row)) }
        coefficients = support.map(\.coefficient)
      }
    }

    func scores(_ matrix: FeatureMatrix) throws(ClassifierError) -> [Double] {
      try matrix.checkColumns(names, lists: vectors.map(\.count))
      return (0..<matrix.rowCount).map { index in
        let row = Array(matrix.row(index))
        return zip(coefficients, vectors).reduce(offset) { $0 + $1.0 * compare(row, $1.1) }
      }
    }

    private func compare(_ row: [Double], _ vector: [Double]) -> Double {
      switch kernel {
      case .linear: return dot(row, vector)
      case .radial(let gamma):
        let differences = zip(row, vector).map { $0 - $1 }
        return exp(-gamma * dot(differences, differences))
      }
    }
  }
}

extension ClassifierKind {
  static let linearSVM = ClassifierKind(
    "linearSVM", title: "linear support vector machine",
    hyperparameters: [cost(grid: [0.001, 0.01, 0.1, 1, 10]), isBalanced]
  ) { SupportVectorMachine(cost: $0["cost"], isBalanced: $0["balanced"] == 1) }

  static let radialSVM = ClassifierKind(
    "radialSVM", title: "support vector machine with a radial kernel",
    hyperparameters: [
      cost(grid: [0.1, 1, 10, 100]),
      Hyperparameter(
        "gammaScale", "gamma as a multiple of 1 / (features * variance), scikit-learn's \"scale\"", in: 1e-6...1e6,
        standard: 1, grid: [0.1, 1, 10]),
      isBalanced,
    ]
  ) { SupportVectorMachine(cost: $0["cost"], gammaScale: $0["gammaScale"], isBalanced: $0["balanced"] == 1) }

  private static func cost(grid: [Double]) -> Hyperparameter {
    Hyperparameter(
      "cost", "cost of a training row on the wrong side of the margin", in: 1e-6...1e6, standard: 1, grid: grid)
  }

  private static let isBalanced = Hyperparameter(
    "balanced", "1: errors cost in inverse proportion to the classes' counts; 0: all cost the same", in: 0...1,
    isWhole: true, standard: 1)
}
