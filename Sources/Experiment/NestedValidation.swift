import Foundation
public import Study
import Synchronization
import Support

/// An estimate that holds a choice inside: how each fold's model is fitted is chosen without the patients that the fold
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

  /// Prepares the estimate over the protocol's batch sizes and those of each of the alternatives.
  ///
  /// - Parameters:
  ///   - study: the study.
  ///   - settings: its protocol.
  ///   - alternatives: protocols that differ from it in how a model is fitted alone: `model`, `network`, `training`, `sweep` and
  ///     `roi.outputSize`.
  ///   - learners: the learners to choose from for each protocol.
  ///   - seed: permutes the patients' classes.
  ///   - criterion: what the choice goes by.
  ///   - progress: told how far the radiomic features are, by several threads.
  /// - Throws: `StudyError` where the patients outside of a fold cannot be split once more, or an alternative differs in more
  ///   than how a model is fitted; what `CrossValidation` throws.
  public init(
    _ study: StudyFolder, protocol settings: StudyProtocol, alternatives: [StudyProtocol] = [],
    learners: LearnerRegistry, shuffledBy seed: UInt64? = nil, criterion: Criterion,
    progress: (@Sendable (ExperimentProgress) -> Void)? = nil
  ) throws {
    outer = try CrossValidation(study, protocol: settings, learners: learners, shuffledBy: seed, progress: progress)
    self.criterion = criterion
    var candidates = try Self.variants(of: outer, named: nil)
    for (index, alternative) in alternatives.enumerated() {
      let isNew = ([settings] + alternatives[..<index]).allSatisfy { $0.name != alternative.name }
      try Self.requireComparable(alternative, with: settings, isNew: isNew)
      let validation = try CrossValidation(
        study, protocol: alternative, learners: learners, shuffledBy: seed, progress: progress)
      candidates += try Self.variants(of: validation, named: alternative.name)
    }
    self.candidates = candidates
    var smallest = settings.folds.count
    for heldOut in outer.folds.heldOut.map(Set.init) {
      let others = outer.examples.patients.filter { !heldOut.contains($0.key) }.values
      for gradeClass in GradeClass.allCases { smallest = min(smallest, others.count { $0 == gradeClass }) }
    }
    guard smallest >= 2 else {
      throw StudyError(
        .folds,
        "a nested estimate splits the patients outside of each fold again, but only \(smallest) of one class are left "
          + "there; lower folds.count in the protocol, or add patients")
    }
    innerFolds = smallest
  }

  /// A candidate for each batch size of a protocol, or one where it has none.
  private static func variants(
    of validation: CrossValidation, named name: String?
  ) throws -> [CrossValidation.Member] {
    guard validation.settings.training != nil, let sizes = validation.settings.sweep?.batchSizes else {
      return [.init(variant: .init(protocolName: name, batchSize: 0), validation: validation)]
    }
    return try sizes.map { size in
      .init(
        variant: .init(protocolName: name, batchSize: size),
        validation: try validation.with { $0.training?.batchSize = size })
    }
  }

  /// Whether what two protocols give can be held against each other: the same patients, folds, ROIs and evaluation.
  private static func requireComparable(_ other: StudyProtocol, with own: StudyProtocol, isNew: Bool) throws(StudyError)
  {
    guard isNew else {
      throw StudyError(
        .invalidProtocol, "two of the protocols to choose among are called \(other.name); give each a different name")
    }
    var roi = other.roi
    roi.outputSize = own.roi.outputSize
    let sections = [
      ("pathology", other.pathology == own.pathology), ("annotation", other.annotation == own.annotation),
      ("inputs", other.inputs == own.inputs), ("roi", roi == own.roi), ("folds", other.folds == own.folds),
      ("evaluation", other.evaluation == own.evaluation),
      ("cohort", other.cohort == own.cohort),
    ]
    guard let differing = sections.first(where: { !$0.1 })?.0 else { return }
    throw StudyError(
      .invalidProtocol,
      "the protocol \(other.name) differs from the study's in its section \(differing): the candidates are ways to fit a model "
        + "to the same examples, so only model, network, training, sweep and roi.outputSize may differ; for anything else make a "
        + "separate study, and compare the runs with `renalgrade compare`")
  }

  /// How many fold jobs there are in all.
  public var jobCount: Int { outer.folds.heldOut.count * (candidates.count * innerFolds + 1) }
  /// Sentences on what differs from what the protocol asks.
  public var notes: [String] { outer.notes }
  /// What is fitted, in words.
  public var summary: String {
    "\(outer.folds.heldOut.count) folds, for each of which one of \(candidates.map(\.variant.title).joined(separator: "; ")) is "
      + "chosen by \(innerFolds) inner folds: \(jobCount) fold jobs, \(outer.summary)"
  }

  /// Chooses, fits and predicts; where that was interrupted, it goes on.
  ///
  /// - Parameters:
  ///   - sideBySide: how many fold jobs are done at a time, each with the same share of the threads.
  ///   - progress: told how far it is, by one thread at a time.
  ///   - judged: told in words what each inner cross-validation gave.
  ///   - finishing: given the complete run, to make its report.
  /// - Returns: the finished run.
  /// - Throws: what a cross-validation throws, and what the criterion throws; what is complete by then stays.
  public func run(
    sideBySide: Int = 1, progress: @escaping @Sendable (ExperimentProgress) -> Void,
    judged: (_ title: String, _ value: Double?) -> Void = { _, _ in },
    finishing: (Run) throws -> Void = { _ in }
  ) throws -> Run {
    let sides = try outer.sides(sideBySide)
    let run = try RunInProgress(
      in: outer.study, key: key(sides.threads), name: "\(outer.settings.name)-nested"
    ).run
    try outer.describe(run)
    let inner = try innerPlans(run, sides.threads, progress)
    let meter = SharedMeter(total: inner.reduce(outer.work) { $0 + $1.plan.work })
    try fit(inner.map(\.plan), sides, meter, progress)
    let choices = try choices(inner, judged)
    var chosen = outer
    chosen.members = choices.map { choice in candidates.first { $0.variant == choice.variant } ?? candidates[0] }
    meter.withLock { $0.add(work: chosen.work - outer.work) }
    let isOneModel = candidates.allSatisfy { $0.variant.protocolName == nil }
    let plan = try FoldPlan(
      chosen, in: run, sides.threads, keepsModels: isOneModel, sharing: inner.flatMap(\.plan.prepared),
      progress: progress)
    try FoldJobExecutor(sides: sides).run([plan], meter: meter, progress: progress)
    try plan.complete(
      completing: { predictions in
        let nested = Run.NestedChoice(
          criterion: criterion.name, innerFolds: innerFolds, choices: choices, auc: try criterion.value(predictions),
          sweepBest: try sweepBest())
        try AtomicFile.writeJSON(nested, to: run.nestedFile)
      }, finishing)
    return run
  }

  /// A hash of all that the result depends on.
  private func key(_ threads: Int) throws -> String {
    let parts = try [outer.key(threads)] + candidates.map { try $0.validation.key(threads) }
    return Data("nested, \(innerFolds) inner folds, by \(criterion.name): \(parts.joined(separator: " "))".utf8).sha256
  }

  /// An inner cross-validation: of all patients but those that a fold holds out, by one of the candidates.
  private struct Inner {
    let fold: Int
    let candidate: CrossValidation.Member
    let plan: FoldPlan
  }

  private func innerPlans(
    _ run: Run, _ threads: Int, _ progress: (ExperimentProgress) -> Void
  ) throws -> [Inner] {
    var prepared: [any PreparedLearner] = []
    return try outer.folds.heldOut.indices.flatMap { fold in
      try candidates.map { candidate in
        let part = try run.part("inner/fold-\(fold + 1)-\(candidate.variant.folderName)")
        let inner = try inner(fold: fold, candidate)
        if !part.isComplete { _ = try RunInProgress(at: part, key: inner.key(threads)) }
        try AtomicFile.write(inner.settings.yaml, to: part.protocolFile)
        let plan = try FoldPlan(
          inner, in: part, threads, title: "without fold \(fold + 1), \(candidate.variant.title), ", keepsModels: false,
          sharing: prepared, progress: progress)
        prepared += plan.prepared
        return Inner(fold: fold, candidate: candidate, plan: plan)
      }
    }
  }

  /// Does the inner fold jobs as one list, and makes each inner cross-validation a part of the run as it is complete.
  private func fit(
    _ plans: [FoldPlan], _ sides: SideBySide, _ meter: SharedMeter,
    _ progress: @escaping @Sendable (ExperimentProgress) -> Void
  ) throws {
    try FoldJobExecutor(sides: sides).run(plans, meter: meter, progress: progress) { place in
      try plans[place].merge()
      RunInProgress.letGo(of: plans[place].run)
    }
  }

  /// The best candidate of each fold by its inner cross-validation.
  private func choices(
    _ inner: [Inner], _ judged: (String, Double?) -> Void
  ) throws -> [Run.NestedChoice.Choice] {
    try outer.folds.heldOut.indices.map { fold in
      let found = try inner.filter { $0.fold == fold }.map { inner in
        let value = try criterion.value(PredictionTable.read(inner.plan.run.predictionsFile))
        judged("Without fold \(fold + 1), \(inner.candidate.variant.title)", value)
        return Run.NestedChoice.Candidate(variant: inner.candidate.variant, auc: value)
      }
      let best = Self.best(found.map(\.auc)) ?? candidates.firstIndex { $0.variant == outer.variant } ?? 0
      return .init(fold: fold, variant: candidates[best].variant, inner: found)
    }
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
      patients: outer.examples.patients.filter { !heldOut.contains($0.key) }, count: innerFolds,
      seed: outer.settings.folds.seed &+ UInt64(fold) &+ 1)
    inner.split = Split(outer.examples, by: inner.folds)
    try inner.split.requireDisjoint(outer.examples)
    return inner
  }

  /// The best of all candidates on the outer folds, where the study has a run of the same experiment for each.
  private func sweepBest() throws -> Run.NestedChoice.Candidate? {
    let runs = Run.complete(in: outer.study)
    var found: [Run.NestedChoice.Candidate] = []
    for candidate in candidates {
      let own = try ExperimentIdentity(candidate.validation.manifest(1), candidate.validation.settings)
      // A run that cannot be read is none of the sweep's.
      let run = runs.last { run in (try? run.identity()).map { own.difference(from: $0) == nil } ?? false }
      guard let run else { return nil }
      let value = try criterion.value(PredictionTable.read(run.predictionsFile))
      found.append(.init(variant: candidate.variant, auc: value))
    }
    return Self.best(found.map(\.auc)).map { found[$0] }
  }
}

extension CrossValidation {
  /// The protocol's own way to train.
  fileprivate var variant: Run.NestedChoice.Variant { .init(batchSize: settings.training?.batchSize ?? 0) }
}

extension Run.NestedChoice.Variant {
  fileprivate var folderName: String { (protocolName.map { "\($0)-" } ?? "") + "batch-\(batchSize)" }
}
