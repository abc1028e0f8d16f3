/// How large a fitted model is, in the unit of its kind.
public struct ModelSize: Codable, Equatable, Sendable {
  /// What a model is made of.
  public enum Unit: String, Codable, Sendable {
    /// Coefficients other than 0, without the intercept.
    case coefficients
    /// The training rows that a support vector machine keeps.
    case supportVectors
    /// The splits and leaves of all trees.
    case treeNodes
    /// The training rows that are all kept.
    case trainingRows
    /// Weights and biases, or means, variances and a prior.
    case parameters
  }

  /// How many there are.
  public let count: Int
  /// Of what.
  public let unit: Unit

  /// States a size.
  public init(_ count: Int, _ unit: Unit) {
    self.count = count
    self.unit = unit
  }
}
