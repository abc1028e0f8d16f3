import Testing

@testable import Classifiers

@Suite("Multilayer perceptron")
struct MultilayerPerceptronTests {
  @Test("From the same weights, losses, five steps and the end of training equal scikit-learn's", arguments: 0..<4)
  func steps(index: Int) throws {
    let golden = try Golden.read().perceptron[index]
    let set = try ReferenceSet(golden.set)
    let (train, heldOut) = try set.standardised()
    let widths = [train.columnCount] + golden.hidden + [1]
    let initial = DenseNetwork(
      widths: widths, activation: golden.activation, parameters: unitByUnit(golden.initial, widths))
    func fitted(_ steps: Int, rate: Double = 1e-3) throws -> DenseNetwork {
      try MultilayerPerceptron(penalty: golden.penalty, learningRate: rate, stepLimit: steps)
        .fit(train, labels: set.labels, from: initial).network
    }
    #expect(golden.losses.count == 5)
    for (step, loss) in golden.losses.enumerated() {
      let network = step == 0 ? initial : try fitted(step)
      let found = network.lossAndGradient(train, labels: set.labels, penalty: golden.penalty).0
      #expect(difference([found], [loss]) < 1e-9)
    }
    #expect(difference(try fitted(5).parameters, unitByUnit(golden.afterFive, widths)) < 1e-9)
    // Hundreds of steps later, and with the same stopping rule.
    let model = MultilayerPerceptron.Model(names: train.names, network: try fitted(400, rate: 0.05))
    #expect(difference(try model.scores(heldOut), golden.scores) < 1e-6)
    #expect(golden.steps < 400)
  }

  /// scikit-learn's parameters, whose weights stand input by input, in our order.
  private func unitByUnit(_ parameters: [Double], _ widths: [Int]) -> [Double] {
    var found: [Double] = []
    for (inputs, outputs) in zip(widths, widths.dropFirst()) {
      let first = found.count
      found += (0..<outputs).flatMap { unit in (0..<inputs).map { parameters[first + $0 * outputs + unit] } }
    }
    return found + parameters[found.count...]
  }

  @Test("Gradients equal differences of the loss", arguments: [DenseNetwork.Activation.relu, .tanh])
  func gradients(activation: DenseNetwork.Activation) throws {
    let set = try ReferenceSet(0)
    let (train, _) = try set.standardised()
    let network = DenseNetwork(widths: [6, 4, 3, 1], activation: activation, seed: 5)
    let gradient = network.lossAndGradient(train, labels: set.labels, penalty: 0.3).1
    for index in network.parameters.indices {
      func loss(_ shift: Double) -> Double {
        var shifted = network
        shifted.parameters[index] += shift
        return shifted.lossAndGradient(train, labels: set.labels, penalty: 0.3).0
      }
      #expect(abs((loss(1e-6) - loss(-1e-6)) / 2e-6 - gradient[index]) < 1e-7)
    }
  }
}
