internal import Foundation

/// A small dense network, trained on all rows at once by Adam with scikit-learn's settings and stopping rule.
struct MultilayerPerceptron: Classifier {
  /// The units of each hidden layer.
  var hidden = [32]
  /// The hidden layers' activation.
  var activation = DenseNetwork.Activation.relu
  /// The squared penalty on the weights, divided by the number of rows as scikit-learn does.
  var penalty = 1e-4
  /// Adam's step.
  var learningRate = 1e-3
  /// So many steps are taken at most.
  var stepLimit = 200

  func fit(_ matrix: FeatureMatrix, labels: [Bool], seed: UInt64) throws(ClassifierError) -> Model {
    try matrix.checkTraining(labels)
    let initial = DenseNetwork(
      widths: [matrix.columnCount] + hidden + [1], activation: activation, seed: seed)
    return try fit(matrix, labels: labels, from: initial)
  }

  /// Trains a network from its present weights.
  func fit(
    _ matrix: FeatureMatrix, labels: [Bool], from initial: DenseNetwork
  ) throws(ClassifierError) -> Model {
    var network = initial
    var adam = Adam(count: network.parameters.count, learningRate: learningRate)
    var (best, stepsWithoutGain) = (Double.infinity, 0)
    for _ in 0..<stepLimit {
      let (loss, gradient) = network.lossAndGradient(matrix, labels: labels, penalty: penalty)
      adam.step(&network.parameters, gradient)
      stepsWithoutGain = loss > best - 1e-4 ? stepsWithoutGain + 1 : 0
      best = min(best, loss)
      if stepsWithoutGain > 10 { break }
    }
    guard network.parameters.allSatisfy(\.isFinite) else {
      throw ClassifierError("the multilayer perceptron's weights are not finite: scale the features first")
    }
    return Model(names: matrix.names, network: network)
  }

  /// A trained network.
  struct Model: ClassifierModel {
    let names: [String]
    let network: DenseNetwork

    static var givesProbabilities: Bool { true }
    var weights: [Double]? { nil }
    var size: ModelSize { ModelSize(network.parameters.count, .parameters) }

    func scores(_ matrix: FeatureMatrix) throws(ClassifierError) -> [Double] {
      try matrix.checkColumns(names, lists: [network.widths[0]])
      return (0..<matrix.rowCount).map { logistic(network.odds(Array(matrix.row($0)))) }
    }
  }
}

extension ClassifierKind {
  static let multilayerPerceptron = ClassifierKind(
    "multilayerPerceptron", title: "multilayer perceptron",
    hyperparameters: [
      Hyperparameter("units", "units of the first hidden layer", in: 1...1024, isWhole: true, standard: 32),
      Hyperparameter(
        "secondUnits", "units of the second hidden layer; 0 for one layer", in: 0...1024, isWhole: true, standard: 0),
      Hyperparameter(
        "tanh", "1: the hidden layers' activation is tanh; 0: it is ReLU", in: 0...1, isWhole: true, standard: 0),
      Hyperparameter(
        "penalty", "squared penalty on the weights", in: 0...1e6, standard: 1, grid: [0.01, 1, 100]),
      Hyperparameter("learningRate", "step of Adam", in: 1e-6...1, standard: 1e-3),
      Hyperparameter("steps", "greatest number of steps", in: 1...100_000, isWhole: true, standard: 200),
    ]
  ) {
    let units = [$0.whole("units"), $0.whole("secondUnits")].filter { $0 > 0 }
    return MultilayerPerceptron(
      hidden: units, activation: $0["tanh"] == 1 ? .tanh : .relu, penalty: $0["penalty"],
      learningRate: $0["learningRate"], stepLimit: $0.whole("steps"))
  }
}
