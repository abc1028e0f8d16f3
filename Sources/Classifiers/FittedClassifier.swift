/// A fitted model of any kind, with the name of its kind: what a file keeps.
public struct FittedClassifier: Codable, Sendable {
  /// The name of its kind.
  public let kind: String
  /// The model.
  public let model: any ClassifierModel

  /// Fits a classifier of a kind to the rows and their classes, true for high grade.
  ///
  /// - Throws: `ClassifierError` where a hyperparameter is refused or the rows cannot be fitted.
  public init(
    _ kind: ClassifierKind, hyperparameters: [String: Double] = [:], matrix: FeatureMatrix, labels: [Bool],
    seed: UInt64
  ) throws(ClassifierError) {
    self.kind = kind.name
    model = try kind.classifier(hyperparameters).fit(matrix, labels: labels, seed: seed)
  }

  private enum CodingKeys: String, CodingKey { case kind, model }

  /// Reads a model.
  ///
  /// - Throws: `ClassifierError` where the kind is unknown, otherwise `DecodingError`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    kind = try container.decode(String.self, forKey: .kind)
    func read<Model: ClassifierModel>(_ type: Model.Type) throws -> any ClassifierModel {
      try container.decode(type, forKey: .model)
    }
    model = try read(try ClassifierKind.named(kind).model)
  }

  /// Writes the model with its kind.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(kind, forKey: .kind)
    try container.encode(model, forKey: .model)
  }
}
