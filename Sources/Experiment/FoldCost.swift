public import Classifiers
public import Support

/// What a fold job took: the file `cost.json` of its folder.
public struct FoldCost: Codable, Equatable, Sendable {
  /// Wall-clock time of fitting, in seconds; since it was resumed, where it was.
  public var fitSeconds: Double
  /// Wall-clock time of predicting the held-out examples, in seconds.
  public var predictSeconds: Double
  /// How many examples were predicted.
  public var predicted: Int
  /// The most memory that the program held during the job, in bytes; nil where several jobs ran at once, or it is not known.
  public var peakMemory: Int?
  /// Whether the job was interrupted and continued.
  public var isResumed: Bool
  /// How large the fitted model is; nil for a network, a combination of models and in older runs.
  public var modelSize: ModelSize?

  /// Makes a cost from its parts.
  public init(
    fitSeconds: Double, predictSeconds: Double, predicted: Int, peakMemory: Int? = nil, isResumed: Bool = false,
    modelSize: ModelSize? = nil
  ) {
    self.fitSeconds = fitSeconds
    self.predictSeconds = predictSeconds
    self.predicted = predicted
    self.peakMemory = peakMemory
    self.isResumed = isResumed
    self.modelSize = modelSize
  }
}

extension Run {
  /// The costs of the run's fold jobs, of those that recorded them; older runs have none.
  ///
  /// - Throws: `StudyError` of kind `.run` where a file is damaged.
  public func costs(folds: Int) throws(StudyError) -> [FoldCost] {
    var costs: [FoldCost] = []
    for fold in 0..<folds {
      let file = FoldJobFolder(url: foldFolder(fold)).costFile
      if let cost = try readJSONIfPresent(FoldCost.self, from: file) { costs.append(cost) }
    }
    return costs
  }
}
