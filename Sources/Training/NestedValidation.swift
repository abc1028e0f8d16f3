import Foundation
import ROI
public import Study
import Support

/// An estimate that holds a choice inside: how each fold's network is trained is chosen without the patients that the fold
/// holds out.
///
/// Open to choice are the batch sizes of the sweep, and other protocols, each at the batch sizes of its own sweep. For each
/// outer fold, an inner cross-validation of the other patients by each variant is judged by the criterion; the best one trains
/// the fold's network on all of them. The result is a run like any other, whose `nested.json` tells the choices; the inner ones
/// lie in its folder under `inner/`. Where the choice is among protocols it is the estimate that counts: networks of several
/// kinds are no one model, and are not kept.
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
  /// All that is open to choice.
  let candidates: [CrossValidation.Member]
  private let criterion: Criterion
  /// How many inner folds there are: as many as outer ones, or fewer where a class would not fill them.
  let innerFolds: Int

  /// Prepares the estimate over `settings.sweep.batchSizes` and those of each of the alternatives.
  ///
  /// - Parameters:
  ///   - study: the study.
  ///   - settings: its protocol.
  ///   - alternatives: protocols that differ from it in `network`, `training`, `sweep` and `roi.outputSize` alone.
  ///   - options: as a cross-validation takes them; a file of weights is for the protocol's own backbone.
  ///   - criterion: what the choice goes by.
  /// - Throws: `StudyError` where the patients outside of a fold cannot be split once more, or an alternative differs in more
  ///   than how a network is trained; what `CrossValidation` throws.
  public init(
    _ study: StudyFolder, protocol settings: StudyProtocol, alternatives: [StudyProtocol] = [],
    options: CrossValidation.Options, criterion: Criterion
  ) throws {
    outer = try CrossValidation(study, protocol: settings, options: options)
    self.criterion = criterion
    var candidates = Self.variants(of: outer, named: nil)
    for (index, alternative) in alternatives.enumerated() {
      let isNew = ([settings] + alternatives[..<index]).allSatisfy { $0.name != alternative.name }
      try Self.requireComparable(alternative, with: settings, isNew: isNew)
      var options = options
      if alternative.network.backbone != settings.network.backbone || alternative.network.initialisation == .scratch {
        options.weightsFile = nil
      }
      let validation = try CrossValidation(study, protocol: alternative, options: options)
      candidates += Self.variants(of: validation, named: alternative.name)
    }
    self.candidates = candidates
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

  private static func variants(of validation: CrossValidation, named name: String?) -> [CrossValidation.Member] {
    validation.settings.sweep.batchSizes.map { batchSize in
      .init(
        variant: .init(protocolName: name, batchSize: batchSize), validation: validation.with(batchSize: batchSize))
    }
  }

  /// Whether what two protocols give can be held against each other: the same patients, folds, ROIs and evaluation.
  private static func requireComparable(_ other: StudyProtocol, with own: StudyProtocol, isNew: Bool) throws(StudyError)
  {
    guard isNew else {
      throw StudyError(
        .invalidProtocol, "two of the protocols to choose among are called \(other.name); give each a name of its own")
    }
    var roi = other.roi
    roi.outputSize = own.roi.outputSize
    let sections = [
      ("pathology", other.pathology == own.pathology), ("annotation", other.annotation == own.annotation),
      ("roi", roi == own.roi), ("folds", other.folds == own.folds), ("evaluation", other.evaluation == own.evaluation),
      ("cohort", other.cohort == own.cohort),
    ]
    guard let differing = sections.first(where: { !$0.1 })?.0 else { return }
    throw StudyError(
      .invalidProtocol,
      "the protocol \(other.name) differs from the study's in its section \(differing): a choice is among ways to train on the "
        + "same ROIs, so that only network, training, sweep and roi.outputSize may differ; for anything else make a study of "
        + "its own, and compare the runs with `renalgrade compare`")
  }

  /// Chooses, trains and predicts; where that was interrupted, it goes on.
  ///
  /// - Parameters:
  ///   - prepared: told in words what is trained next, with its cross-validation.
  ///   - progress: told how far the one in progress is.
  ///   - finishing: given the complete run, to make its report.
  /// - Returns: the finished run.
  /// - Throws: what a cross-validation throws, and what the criterion throws; what is complete by then stays.
  public func run(
    prepared: (_ title: String, CrossValidation) -> Void, progress: (TrainingProgress) -> Void,
    finishing: (Run) throws -> Void = { _ in }
  ) throws -> Run {
    let keys = try candidates.map { try $0.validation.key }.joined(separator: " ")
    let key = try "\(outer.key) nested over \(keys), \(innerFolds) inner folds, by \(criterion.name)"
    var resumable = try ResumableRun(in: outer.study, key: key, name: "\(outer.settings.name)-nested")
    let run = resumable.run
    try outer.describe(run)
    // The batch sizes of one protocol share the frozen stages' output.
    var features: [String?: FeatureSource] = [:]
    for candidate in candidates where features[candidate.variant.protocolName] == nil {
      features[candidate.variant.protocolName] = try candidate.validation.prepare(progress: progress)
    }
    func source(_ member: CrossValidation.Member) throws(TrainingError) -> FeatureSource {
      guard let source = features[member.variant.protocolName] else {
        throw TrainingError("nothing was prepared for \(member.variant.title)")
      }
      return source
    }

    var members: [CrossValidation.Member] = []
    var choices: [Run.NestedChoice.Choice] = []
    for fold in outer.folds.heldOut.indices {
      var found: [Run.NestedChoice.Candidate] = []
      for candidate in candidates {
        let part = try run.part("inner/fold-\(fold + 1)-\(candidate.variant.folderName)")
        if !part.isComplete {
          let inner = try inner(fold: fold, candidate)
          let input = try source(candidate)
          prepared("Inner cross-validation without fold \(fold + 1), \(candidate.variant.title)", inner)
          var resumable = try ResumableRun(at: part, key: inner.key)
          _ = try inner.train(&resumable, on: { _ in input }, keepingNetworks: false, progress: progress)
        }
        let predictions = try PredictionTable.read(part.predictionsFile)
        found.append(.init(variant: candidate.variant, auc: try criterion.value(predictions)))
      }
      let best = Self.best(found.map(\.auc)) ?? candidates.firstIndex { $0.variant == outer.variant } ?? 0
      members.append(candidates[best])
      choices.append(.init(fold: fold, variant: candidates[best].variant, inner: found))
    }
    var chosen = outer
    chosen.members = members
    prepared("Outer folds as they were chosen", chosen)
    let inputs = try members.map { member throws(TrainingError) in try source(member) }
    let isOneModel = candidates.allSatisfy { $0.variant.protocolName == nil }
    return try chosen.train(
      &resumable, on: { inputs[$0] }, keepingNetworks: isOneModel, progress: progress,
      completing: { predictions in
        let nested = Run.NestedChoice(
          criterion: criterion.name, innerFolds: innerFolds, choices: choices, auc: try criterion.value(predictions),
          sweepBest: try sweepBest())
        try AtomicFile.writeJSON(nested, to: run.nestedFile)
      }, finishing: finishing)
  }

  /// The place of the highest value, the first of them in a tie; nil where none is defined.
  static func best(_ values: [Double?]) -> Int? {
    values.indices.filter { values[$0] != nil }.reduce(nil) { best, next in
      guard let best else { return next }
      return (values[next] ?? -.infinity) > (values[best] ?? -.infinity) ? next : best
    }
  }

  /// The cross-validation of all patients but those that `fold` holds out, by one of the candidates.
  func inner(fold: Int, _ candidate: CrossValidation.Member) throws -> CrossValidation {
    let heldOut = Set(outer.folds.heldOut[fold])
    var inner = candidate.validation
    inner.folds = try Folds(
      patients: outer.labels.patients.filter { !heldOut.contains($0.key) }, count: innerFolds,
      seed: outer.settings.folds.seed &+ UInt64(fold) &+ 1)
    inner.split = Split(outer.rois, by: inner.folds)
    try inner.split.requireDisjoint(outer.rois)
    return inner
  }

  /// The best of all candidates on the outer folds, where the study has a run of the same experiment for each.
  private func sweepBest() throws -> Run.NestedChoice.Candidate? {
    let runs = Run.complete(in: outer.study)
    var found: [Run.NestedChoice.Candidate] = []
    for candidate in candidates {
      let run = try runs.last { run in
        guard let manifest = try? run.readJSON(Run.Manifest.self, from: run.manifestFile) else { return false }
        return try candidate.validation.difference(from: manifest) == nil
      }
      guard let run else { return nil }
      let value = try criterion.value(PredictionTable.read(run.predictionsFile))
      found.append(.init(variant: candidate.variant, auc: value))
    }
    return Self.best(found.map(\.auc)).map { found[$0] }
  }
}

extension CrossValidation {
  /// The protocol's own way to train.
  fileprivate var variant: Run.NestedChoice.Variant { .init(batchSize: settings.training.batchSize) }
}

extension Run.NestedChoice.Variant {
  fileprivate var folderName: String { (protocolName.map { "\($0)-" } ?? "") + "batch-\(batchSize)" }
}
