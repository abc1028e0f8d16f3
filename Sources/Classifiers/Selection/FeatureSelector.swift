/// A way to choose among features by training rows, which have no missing values and are scaled.
protocol FeatureSelector: Sendable {
  /// The chosen columns, the most wanted first: the first k of them are what it would choose for k.
  ///
  /// `count` is the most that are wanted, nil where the method alone decides.
  /// - Throws: `ClassifierError` where it cannot choose among these rows.
  func choose(_ count: Int?, from training: TrainingRows, seed: UInt64) throws(ClassifierError) -> [Int]
}

/// A kind of selection that settings can name: an entry of the registry.
public struct SelectorKind: Sendable {
  /// Its name, as settings state it.
  public let name: String
  /// What it does, as a report's methods have it.
  public let title: String
  /// Whether the number of features is its own choice where none is stated.
  let decidesCount: Bool
  private let make: @Sendable (any Classifier) -> any FeatureSelector

  init(
    _ name: String, title: String, decidesCount: Bool = false,
    make: @escaping @Sendable (any Classifier) -> any FeatureSelector
  ) {
    self.name = name
    self.title = title
    self.decidesCount = decidesCount
    self.make = make
  }

  /// Every kind; a new one is a file and a line here.
  public static let all: [SelectorKind] = [.univariate, .lasso, .mrmr, .reliefF, .recursiveElimination, .forward]

  /// The kind of a name.
  ///
  /// - Throws: `ClassifierError` where there is none.
  static func named(_ name: String) throws(ClassifierError) -> SelectorKind {
    guard let kind = all.first(where: { $0.name == name }) else {
      throw ClassifierError(
        "the selection \(name) is unknown: it must be one of \(all.map(\.name).joined(separator: ", "))")
    }
    return kind
  }

  /// The selector; a wrapper tries features with the classifier.
  func selector(for classifier: any Classifier) -> any FeatureSelector { make(classifier) }
}
