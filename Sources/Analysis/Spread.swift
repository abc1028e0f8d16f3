/// Mean and sample standard deviation, and how many values they are of.
public struct Spread: Equatable, Sendable {
  /// How many values there are.
  public let count: Int
  /// The mean.
  public let mean: Double
  /// The sample standard deviation; nil for one value.
  public let deviation: Double?

  /// Nil for no values.
  public init?(_ values: [Double]) {
    guard !values.isEmpty else { return nil }
    let mean = values.reduce(0, +) / Double(values.count)
    self.mean = mean
    count = values.count
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    deviation = values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : nil
  }
}
