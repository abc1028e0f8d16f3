public import Foundation
public import Support

extension Run {
  /// The features that the model of one fold uses, and how they were chosen: `features.json` in the fold's folder.
  public struct FoldFeatures: Codable, Equatable, Sendable {
    /// What the weights are.
    public enum Weights: String, Codable, Sendable {
      /// Coefficients on standardised features: their sign tells the direction.
      case coefficients
      /// Importances, which have no direction.
      case importances
      /// The classifier has neither.
      case none
    }

    /// A feature.
    public struct Feature: Codable, Equatable, Sendable {
      /// Its name.
      public var name: String
      /// Its coefficient or importance; nil where the classifier has neither.
      public var weight: Double?
      /// How much the AUC on the held-out examples falls when its values are permuted among them; nil where they are of one class, or
      /// it was not measured.
      public var importance: Double?

      /// States a feature.
      public init(name: String, weight: Double?, importance: Double?) {
        self.name = name
        self.weight = weight
        self.importance = importance
      }
    }

    /// How many features there were to choose from.
    public var candidates: Int
    /// What the weights are.
    public var weights: Weights
    /// The features in the model.
    public var features: [Feature]
    /// The hyperparameters that were used, where they are not the standard ones.
    public var hyperparameters: [String: Double]
    /// How many combinations of hyperparameters were tried.
    public var combinations: Int
    /// The mean AUC of the chosen combination in inner folds; nil without inner folds.
    public var innerAUC: Double?

    /// States a fold's features.
    public init(
      candidates: Int, weights: Weights, features: [Feature], hyperparameters: [String: Double] = [:],
      combinations: Int = 1, innerAUC: Double? = nil
    ) {
      self.candidates = candidates
      self.weights = weights
      self.features = features
      self.hyperparameters = hyperparameters
      self.combinations = combinations
      self.innerAUC = innerAUC
    }

    private static let fileName = "features.json"

    /// Keeps it in a fold's folder.
    ///
    /// - Throws: `StudyError` of kind `.file` where it cannot be written.
    public func write(to folder: URL) throws(StudyError) {
      try AtomicFile.writeJSON(self, to: folder.appendingPathComponent(Self.fileName))
    }

    static func file(in folder: URL) -> URL { folder.appendingPathComponent(fileName) }
  }

  /// The features of each fold's model, fold by fold; none where the learner has no features, or the models were not kept.
  ///
  /// - Throws: `StudyError` of kind `.run` where a file is damaged, or some folds have one and others do not.
  public func foldFeatures(foldCount: Int) throws(StudyError) -> [FoldFeatures] {
    var found: [FoldFeatures] = []
    for fold in 0..<foldCount {
      if let features = try readJSONIfPresent(FoldFeatures.self, from: FoldFeatures.file(in: foldFolder(fold))) {
        found.append(features)
      }
    }
    guard found.isEmpty || found.count == foldCount else {
      throw StudyError(
        .run,
        "features.json is present in \(found.count) of the \(foldCount) folds' folders of run \(id); copy the run's folder whole "
          + "from its study")
    }
    return found
  }
}
