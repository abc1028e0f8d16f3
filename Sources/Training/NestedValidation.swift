import Foundation
import ROI
public import Study

/// An estimate that holds a choice inside: the batch size of each fold's network is chosen without the patients that the fold
/// holds out.
///
/// For each outer fold, an inner cross-validation of the other patients at each of the sweep's batch sizes is judged by the
/// criterion; the best one trains the fold's network on all of them. The result is a run like any other, whose
/// `nested.json` tells the choices; the inner ones lie in its folder under `inner/`.
public struct NestedValidation {
  /// What a choice goes by: a value of predictions, the higher the better; nil where it is undefined.
  public struct Criterion {
    /// What it is, in words.
    public let name: String
    /// Its value.
    public let value: ([Prediction]) throws -> Double?

    /// Makes a criterion from its parts.
    public init(name: String, value: @escaping ([Prediction]) throws -> Double?) {
      self.name = name
      self.value = value
    }
  }

  private let outer: CrossValidation
  private let criterion: Criterion
  /// How many inner folds there are: as many as outer ones, or fewer where a class would not fill them.
  let innerFolds: Int

  /// Prepares the estimate over `settings.sweep.batchSizes`.
  ///
  /// - Throws: `StudyError` where the patients outside of a fold cannot be split once more; what `CrossValidation` throws.
  public init(
    _ study: StudyFolder, protocol settings: StudyProtocol, options: CrossValidation.Options, criterion: Criterion
  ) throws {
    outer = try CrossValidation(study, protocol: settings, options: options)
    self.criterion = criterion
    var smallest = settings.folds.count
    for heldOut in outer.folds.heldOut.map(Set.init) {
      let others = outer.labels.patients.filter { !heldOut.contains($0.key) }.values
      for gradeClass in GradeClass.allCases { smallest = min(smallest, others.count { $0 == gradeClass }) }
    }
    guard smallest >= 2 else {
      throw StudyError(
        .folds,
        "a nested estimate splits the patients outside of each fold once more, but of one class only \(smallest) is left "
          + "there; lower folds.count in the protocol, or add patients")
    }
    innerFolds = smallest
  }

  /// Chooses, trains and predicts; where that was interrupted, it goes on.
  ///
  /// - Parameters:
  ///   - prepared: told in words what is trained next, with its cross-validation.
  ///   - progress: told how far the one in progress is.
  /// - Returns: the finished run.
  /// - Throws: what a cross-validation throws, and what the criterion throws; what is complete by then stays.
  public func run(
    prepared: (_ title: String, CrossValidation) -> Void, progress: (TrainingProgress) -> Void
  ) throws -> Run {
    let batchSizes = outer.settings.sweep.batchSizes
    let key = try "\(outer.key) nested over \(batchSizes), \(innerFolds) inner folds, by \(criterion.name)"
    var resumable = try ResumableRun(in: outer.study, key: key, name: "\(outer.settings.name)-nested")
    let run = resumable.run
    try outer.describe(run)
    let features = try outer.prepare(progress: progress)
    let choices = try outer.folds.heldOut.indices.map { fold in
      let candidates = try batchSizes.map { batchSize in
        let part = try run.part("inner/fold-\(fold + 1)-batch-\(batchSize)")
        if !part.isComplete {
          let inner = try inner(fold: fold, batchSize: batchSize)
          prepared("Inner cross-validation without fold \(fold + 1), batch size \(batchSize)", inner)
          var resumable = try ResumableRun(at: part, key: inner.key)
          _ = try inner.train(&resumable, on: features, keepingNetworks: false, progress: progress)
        }
        let predictions = try PredictionTable.read(part.predictionsFile)
        return Run.NestedChoice.Candidate(batchSize: batchSize, auc: try criterion.value(predictions))
      }
      let best = Self.best(candidates)?.batchSize ?? outer.settings.training.batchSize
      return Run.NestedChoice.Choice(fold: fold, batchSize: best, inner: candidates)
    }
    var chosen = outer
    chosen.batchSizes = choices.map(\.batchSize)
    prepared("Outer folds with the batch sizes chosen", chosen)
    return try chosen.train(&resumable, on: features, keepingNetworks: true, progress: progress) { predictions in
      let nested = Run.NestedChoice(
        criterion: criterion.name, innerFolds: innerFolds, choices: choices, auc: try criterion.value(predictions),
        sweepBest: try sweepBest())
      try AtomicFile.writeJSON(nested, to: run.nestedFile)
    }
  }

  /// The candidate with the highest value, the first of them in a tie.
  static func best(_ candidates: [Run.NestedChoice.Candidate]) -> Run.NestedChoice.Candidate? {
    candidates.reduce(nil) { best, next in
      guard let best else { return next }
      return (next.auc ?? -.infinity) > (best.auc ?? -.infinity) ? next : best
    }
  }

  /// The cross-validation of all patients but those that `fold` holds out.
  func inner(fold: Int, batchSize: Int) throws -> CrossValidation {
    let heldOut = Set(outer.folds.heldOut[fold])
    var inner = outer
    inner.folds = try Folds(
      patients: outer.labels.patients.filter { !heldOut.contains($0.key) }, count: innerFolds,
      seed: outer.settings.folds.seed &+ UInt64(fold) &+ 1)
    inner.split = Split(outer.rois, by: inner.folds)
    try inner.split.requireDisjoint(outer.rois)
    return inner.with(batchSize: batchSize)
  }

  /// The best of the sweep, where the study has a run of the same experiment for each batch size.
  private func sweepBest() throws -> Run.NestedChoice.Candidate? {
    let runs = Run.complete(in: outer.study)
    var candidates: [Run.NestedChoice.Candidate] = []
    for batchSize in outer.settings.sweep.batchSizes {
      let member = outer.with(batchSize: batchSize)
      let run = try runs.last { run in
        guard let manifest = try? run.readJSON(Run.Manifest.self, from: run.manifestFile) else { return false }
        return try member.difference(from: manifest) == nil
      }
      guard let run else { return nil }
      let value = try criterion.value(PredictionTable.read(run.predictionsFile))
      candidates.append(.init(batchSize: batchSize, auc: value))
    }
    return Self.best(candidates)
  }
}
