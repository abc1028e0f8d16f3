internal import Foundation

/// Adam (Kingma & Ba 2015) with its authors' constants, arranged as scikit-learn does.
struct Adam {
  private let learningRate: Double
  private var means: [Double]
  private var squares: [Double]
  private var steps = 0.0

  init(count: Int, learningRate: Double) {
    self.learningRate = learningRate
    means = Array(repeating: 0, count: count)
    squares = means
  }

  /// Takes a step against the gradient.
  mutating func step(_ parameters: inout [Double], _ gradient: [Double]) {
    steps += 1
    let rate = learningRate * (1 - pow(0.999, steps)).squareRoot() / (1 - pow(0.9, steps))
    for index in parameters.indices {
      means[index] = 0.9 * means[index] + (1 - 0.9) * gradient[index]
      squares[index] = 0.999 * squares[index] + (1 - 0.999) * gradient[index] * gradient[index]
      parameters[index] -= rate * means[index] / (squares[index].squareRoot() + 1e-8)
    }
  }
}
