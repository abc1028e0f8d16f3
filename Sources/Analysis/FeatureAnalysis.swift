public import Evaluation
public import Experiment
import Study

/// Which features the folds' models use, and how stable that choice is.
public struct FeatureAnalysis: Codable, Equatable, Sendable {
  /// A feature that at least one fold's model uses.
  public struct Row: Codable, Equatable, Sendable {
    /// Its name.
    public let name: String
    /// How many folds' models use it.
    public let folds: Int
    /// The mean of its weights in these models; nil where they have none.
    public let weight: Double?
    /// In how many of these models the weight is positive.
    public let positive: Int
    /// The mean fall of the held-out AUC when its values are permuted, over the folds where it was measured; nil where it was in none.
    public let importance: Double?
  }

  /// What the weights are.
  public let weights: Run.FoldFeatures.Weights
  /// The features, those of most folds first.
  public let rows: [Row]
  /// By fold: what was chosen.
  public let folds: [Run.FoldFeatures]
  /// Nogueira's index of stability.
  public let stability: Stated
  /// The mean number of features in a model.
  public let meanCount: Double
  /// The number of training patients of the rarer class in the smallest training part.
  public let events: Int

  /// nil where the run has no features.
  init?(_ content: RunContent) {
    folds = content.features
    guard let first = folds.first else { return nil }
    weights = first.weights
    var found: [String: [Run.FoldFeatures.Feature]] = [:]
    for feature in folds.flatMap(\.features) { found[feature.name, default: []].append(feature) }
    let rows = found.map { name, uses in
      Row(
        name: name, folds: uses.count, weight: Spread(uses.compactMap(\.weight))?.mean,
        positive: uses.count { ($0.weight ?? 0) > 0 }, importance: Spread(uses.compactMap(\.importance))?.mean)
    }
    self.rows = rows.sorted { first, second in
      if first.folds != second.folds { return first.folds > second.folds }
      let (one, other) = (abs(first.weight ?? first.importance ?? 0), abs(second.weight ?? second.importance ?? 0))
      return one == other ? first.name < second.name : one > other
    }
    let (choices, candidates) = (folds.map { Set($0.features.map(\.name)) }, folds.map(\.candidates).max() ?? 0)
    stability = Stated { () throws(NotEstimable) in
      try SelectionStability.of(choices, among: max(candidates, Set(choices.flatMap { $0 }).count))
    }
    meanCount = Spread(folds.map { Double($0.features.count) })?.mean ?? 0
    let patients = Dictionary(grouping: content.predictions, by: \.patient)
    events =
      folds.indices.map { fold in
        let training = patients.values.filter { $0.allSatisfy { $0.fold != fold } }
        let high = training.count { $0.contains { $0.label == .high } }
        return min(high, training.count - high)
      }.min() ?? 0
  }
}
