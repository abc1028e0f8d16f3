public import Evaluation
public import Experiment
public import Study
public import Support

/// The runs of a sweep over batch sizes, side by side with the paper's Table 5.
public struct SweepResult {
  /// One row of Table 5.
  public struct Row: Equatable, Sendable {
    /// Whose values a row holds.
    public enum Source: Sendable {
      /// Those of a run.
      case study
      /// Those that the paper prints.
      case paper
    }

    /// The batch size.
    public let batchSize: Int
    /// Whose values they are.
    public let source: Source
    /// The level; nil for the paper, which does not state it.
    public let level: Level?
    /// The cases; nil for the paper.
    public let count: Int?
    /// One for each of `metrics`; without an interval where it is the paper's.
    public let estimates: [Estimate]
  }

  /// The paper's measures, in its order.
  public static let metrics: [Metric] = [.sensitivity, .specificity, .accuracy, .auc]

  /// The runs by batch size.
  public let runs: [RunContent]
  /// Level by level, each batch size followed by the paper's row for it.
  public let rows: [Row]
  /// Whether all runs have the same folds.
  public let haveSameFolds: Bool
  /// Whether the protocols differ in the batch size alone.
  public let haveSameProtocol: Bool
  /// Whether each run has a batch size of its own.
  public let haveOwnBatchSizes: Bool

  /// Reads the runs of a sweep.
  ///
  /// - Throws: `StudyError` where a run is damaged, or there is none.
  public init(_ runs: [Run]) throws(StudyError) {
    var contents: [RunContent] = []
    for run in runs { contents.append(try RunContent(run)) }
    guard let first = contents.first else { throw StudyError(.run, "a sweep's report needs at least one run") }
    contents.sort { $0.batchSize < $1.batchSize }
    self.runs = contents
    rows = Self.rows(contents)
    haveSameFolds = contents.allSatisfy { $0.folds == first.folds }
    haveSameProtocol = contents.allSatisfy { content in
      var settings = content.settings
      settings.training?.batchSize = first.batchSize
      return settings == first.settings
    }
    haveOwnBatchSizes = Set(contents.map(\.batchSize)).count == contents.count
  }

  private static func rows(_ runs: [RunContent]) -> [Row] {
    let ours = runs.flatMap { content in
      Level.downward.map { level in
        let result = content.metrics.pooled[level]
        return Row(
          batchSize: content.batchSize, source: .study, level: level, count: result.n,
          estimates: metrics.map { result[$0] })
      }
    }
    let paper = PaperNumbers.results.map { printed in
      let rates = [PrintedResult.Rate.sensitivity, .specificity, .accuracy].map { printed.rates.rates[$0]?.value }
      return Row(
        batchSize: printed.batchSize, source: .paper, level: nil, count: nil,
        estimates: (rates + [printed.auc]).map { Estimate(value: $0, interval: nil) })
    }
    let sizes = Set((ours + paper).map(\.batchSize)).sorted()
    return sizes.flatMap { size in (ours + paper).filter { $0.batchSize == size } }
  }
}
