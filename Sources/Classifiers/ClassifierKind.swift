/// A kind of classifier that settings can name: an entry of the registry.
public struct ClassifierKind: Sendable {
  /// Its name, as settings state it.
  public let name: String
  /// What it is, in words for help and reports.
  public let title: String
  /// What it can be told, with the values that tuning tries.
  public let hyperparameters: [Hyperparameter]
  /// The type of its fitted models.
  let model: any ClassifierModel.Type
  private let make: @Sendable (Hyperparameters) throws(ClassifierError) -> any Classifier

  init<Made: Classifier>(
    _ name: String, title: String, hyperparameters: [Hyperparameter],
    make: @escaping @Sendable (Hyperparameters) throws(ClassifierError) -> Made
  ) {
    self.name = name
    self.title = title
    self.hyperparameters = hyperparameters
    model = Made.Model.self
    self.make = { settings throws(ClassifierError) in try make(settings) }
  }

  /// Every kind; a new one is a file and a line here.
  public static let all: [ClassifierKind] = [
    .ridge, .lasso, .elasticNet, .linearSVM, .radialSVM, .randomForest, .gradientBoosting, .nearestNeighbours,
    .naiveBayes, .multilayerPerceptron,
  ]

  /// The kind of a name.
  ///
  /// - Throws: `ClassifierError` where there is none.
  public static func named(_ name: String) throws(ClassifierError) -> ClassifierKind {
    guard let kind = all.first(where: { $0.name == name }) else {
      let names = all.map(\.name).joined(separator: ", ")
      throw ClassifierError("the classifier \(name) is unknown: it must be one of \(names)")
    }
    return kind
  }

  /// A classifier with these hyperparameters; those that are not named have their standard values.
  ///
  /// - Throws: `ClassifierError` where one is unknown or outside its range.
  public func classifier(_ values: [String: Double] = [:]) throws(ClassifierError) -> any Classifier {
    try make(try Hyperparameters(values, of: hyperparameters))
  }

  /// Every combination of the hyperparameters' grids, in a fixed order: what tuning tries.
  public var grid: [[String: Double]] {
    hyperparameters.reduce([[:]]) { combinations, hyperparameter in
      combinations.flatMap { combination in
        hyperparameter.grid.map { combination.merging([hyperparameter.name: $0]) { $1 } }
      }
    }
  }
}
