/// A number that a classifier is told rather than learns.
public struct Hyperparameter: Equatable, Sendable {
  /// Its name, as settings state it.
  public let name: String
  /// What it is, in words for help and reports.
  public let meaning: String
  /// The values that are accepted.
  public let range: ClosedRange<Double>
  /// Whether only whole numbers are accepted.
  public let isWhole: Bool
  /// The value where none is stated and nothing is tuned.
  public let standard: Double
  /// The values that tuning tries; one value where it is not tuned.
  public let grid: [Double]

  init(
    _ name: String, _ meaning: String, in range: ClosedRange<Double>, isWhole: Bool = false, standard: Double,
    grid: [Double]? = nil
  ) {
    self.name = name
    self.meaning = meaning
    self.range = range
    self.isWhole = isWhole
    self.standard = standard
    self.grid = grid ?? [standard]
  }

  /// Whether a value is accepted.
  public func accepts(_ value: Double) -> Bool {
    range.contains(value) && (!isWhole || value == value.rounded())
  }
}

/// The values of a classifier's hyperparameters, each within its range.
struct Hyperparameters {
  private let values: [String: Double]

  init(_ values: [String: Double], of kind: [Hyperparameter]) throws(ClassifierError) {
    if let unknown = values.keys.sorted().first(where: { name in !kind.contains { $0.name == name } }) {
      let known = kind.isEmpty ? "it has none" : "it has \(kind.map(\.name).joined(separator: ", "))"
      throw ClassifierError("the hyperparameter \(unknown) is unknown to this classifier: \(known)")
    }
    var resolved: [String: Double] = [:]
    for hyperparameter in kind {
      let value = values[hyperparameter.name] ?? hyperparameter.standard
      guard hyperparameter.accepts(value) else {
        let number = hyperparameter.isWhole ? "a whole number" : "a number"
        let (lower, upper) = (hyperparameter.range.lowerBound, hyperparameter.range.upperBound)
        throw ClassifierError("\(hyperparameter.name) must be \(number) from \(lower) to \(upper), found \(value)")
      }
      resolved[hyperparameter.name] = value
    }
    self.values = resolved
  }

  /// The value of a hyperparameter that the kind declares.
  subscript(_ name: String) -> Double {
    guard let value = values[name] else { preconditionFailure("the classifier declares no hyperparameter \(name)") }
    return value
  }

  /// A whole number.
  func whole(_ name: String) -> Int { Int(self[name]) }
}
