internal import Foundation
internal import Support

/// Layers of units, each connected to all units of the layer before; the last is the log odds of high grade.
struct DenseNetwork: Codable {
  /// What a hidden unit does with its sum.
  enum Activation: String, Codable {
    case relu
    case tanh
  }

  /// The units of each layer, the input's first.
  let widths: [Int]
  let activation: Activation
  /// The weights of each layer, unit by unit, and after those of all layers the biases of each.
  var parameters: [Double]

  /// Draws Glorot's uniform weights and biases, as scikit-learn does.
  init(widths: [Int], activation: Activation, seed: UInt64) {
    self.widths = widths
    self.activation = activation
    var generator = SplitMix64(seed: seed, stream: 0)
    var weights: [Double] = []
    var biases: [Double] = []
    for (inputs, outputs) in zip(widths, widths.dropFirst()) {
      let bound = (6 / Double(inputs + outputs)).squareRoot()
      weights += (0..<inputs * outputs).map { _ in (2 * generator.unit() - 1) * bound }
      biases += (0..<outputs).map { _ in (2 * generator.unit() - 1) * bound }
    }
    parameters = weights + biases
  }

  /// Takes parameters in their order.
  init(widths: [Int], activation: Activation, parameters: [Double]) {
    self.widths = widths
    self.activation = activation
    self.parameters = parameters
  }

  private enum CodingKeys: String, CodingKey { case widths, activation, parameters }

  /// Reads a network, and refuses one with other than one output or another number of parameters than its widths ask for.
  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    widths = try container.decode([Int].self, forKey: .widths)
    activation = try container.decode(Activation.self, forKey: .activation)
    parameters = try container.decode([Double].self, forKey: .parameters)
    guard widths.count >= 2, widths.last == 1, widths.allSatisfy({ (1...1_000_000).contains($0) }),
      parameters.count == zip(widths, widths.dropFirst()).reduce(0, { $0 + ($1.0 + 1) * $1.1 })
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .parameters, in: container,
        debugDescription: "the parameters of a multilayer perceptron do not fit its widths")
    }
  }

  /// Where a layer's parameters are.
  private struct Layer {
    let inputs: Int
    let outputs: Int
    let firstWeight: Int
    let firstBias: Int

    /// Where a unit's weights begin.
    func weights(of unit: Int) -> Int { firstWeight + unit * inputs }
  }

  private var layers: [Layer] {
    let pairs = Array(zip(widths, widths.dropFirst()))
    var weight = 0
    var bias = pairs.reduce(0) { $0 + $1.0 * $1.1 }
    return pairs.map { inputs, outputs in
      defer {
        weight += inputs * outputs
        bias += outputs
      }
      return Layer(inputs: inputs, outputs: outputs, firstWeight: weight, firstBias: bias)
    }
  }

  /// The log odds of high grade of a row.
  func odds(_ row: [Double]) -> Double { activations(row, layers)[widths.count - 1][0] }

  /// The values of each layer's units, the input's first.
  private func activations(_ row: [Double], _ layers: [Layer]) -> [[Double]] {
    var values = [row]
    for (index, layer) in layers.enumerated() {
      let isLast = index == layers.count - 1
      values.append(
        (0..<layer.outputs).map { unit in
          let sum = parameters[layer.firstBias + unit] + dot(parameters, from: layer.weights(of: unit), values[index])
          return isLast ? sum : activation == .relu ? max(sum, 0) : Foundation.tanh(sum)
        })
    }
    return values
  }

  /// The mean cross-entropy with half the penalty times the weights' squares over the number of rows, and its derivative by
  /// each parameter.
  func lossAndGradient(_ matrix: FeatureMatrix, labels: [Bool], penalty: Double) -> (Double, [Double]) {
    let layers = self.layers
    var gradient = Array(repeating: 0.0, count: parameters.count)
    var loss = 0.0
    for row in 0..<matrix.rowCount {
      let values = activations(Array(matrix.row(row)), layers)
      let odds = values[layers.count][0]
      let target: Double = labels[row] ? 1 : 0
      loss += softplus(odds) - target * odds
      var errors = [logistic(odds) - target]
      for (index, layer) in layers.enumerated().reversed() {
        for (unit, error) in errors.enumerated() {
          add(values[index], times: error, to: &gradient, from: layer.weights(of: unit))
          gradient[layer.firstBias + unit] += error
        }
        if index > 0 { errors = propagated(errors, layer, values[index]) }
      }
    }
    let rows = Double(matrix.rowCount)
    let weightCount = layers.reduce(0) { $0 + $1.inputs * $1.outputs }
    for index in gradient.indices {
      if index < weightCount {
        loss += penalty / 2 * parameters[index] * parameters[index]
        gradient[index] += penalty * parameters[index]
      }
      gradient[index] /= rows
    }
    return (loss / rows, gradient)
  }

  /// The errors of the units before a layer, from the layer's own.
  private func propagated(_ errors: [Double], _ layer: Layer, _ values: [Double]) -> [Double] {
    values.indices.map { input in
      let sum = errors.indices.reduce(0.0) { $0 + parameters[layer.weights(of: $1) + input] * errors[$1] }
      return activation == .relu ? (values[input] > 0 ? sum : 0) : sum * (1 - values[input] * values[input])
    }
  }
}
