import Foundation
public import Study
import Support

/// "The best of all rivals" as an honest procedure: for each fold the rival is chosen without the fold's patients.
///
/// For each fold, an inner cross-validation of the other patients by each rival is judged by a criterion, and the fold's patients
/// are predicted by the run of the best one, which was fitted to exactly those other patients. Rivals are judged on the patients
/// who are an example of all of them.
public struct RivalChoice {
  /// What the choice gave.
  public struct Result: Codable, Equatable, Sendable {
    /// A rival and its value; nil where it is undefined or the rival could not be fitted.
    public struct Candidate: Codable, Equatable, Sendable {
      /// The rival.
      public var name: String
      /// The value of the criterion.
      public var value: Double?
    }

    /// The choice for one fold.
    public struct Fold: Codable, Equatable, Sendable {
      /// The fold, from 0.
      public var fold: Int
      /// The rival that was chosen.
      public var chosen: String
      /// What each rival gave in the inner cross-validation.
      public var inner: [Candidate]
    }

    /// What was chosen by, in words.
    public var criterion: String
    /// The number of inner folds.
    public var innerFolds: Int
    /// The choices, fold by fold.
    public var folds: [Fold]
    /// The criterion on the chosen rivals' predictions: the nested estimate.
    public var value: Double?
    /// The best of all rivals on the same patients, and its value.
    public var best: Candidate?

    /// How optimistic that value is; nil where either is undefined.
    public var optimism: Double? { value.flatMap { value in best?.value.map { $0 - value } } }
  }

  /// An inner cross-validation: of all patients but those that a fold holds out, by one of the rivals.
  private struct Inner {
    let fold: Int
    let name: String
    let plan: FoldPlan
  }

  private let rivals: Rivals
  private let runs: [(name: String, validation: CrossValidation, run: Run)]
  private let criterion: NestedValidation.Criterion
  private let common: Set<String>
  private let innerFolds: [Folds]

  /// Prepares the choice among the rivals that have a run.
  ///
  /// - Throws: `StudyError` where fewer than two have one, or the patients outside of a fold cannot be split once more.
  public init(_ rivals: Rivals, _ fitted: [Rivals.Rival], criterion: NestedValidation.Criterion) throws {
    self.rivals = rivals
    self.criterion = criterion
    runs = try rivals.able.compactMap { place, validation in
      let name = rivals.members[place].name
      guard let id = fitted.first(where: { $0.name == name })?.run else { return nil }
      return (name, validation, try Run.open(id, in: rivals.study))
    }
    guard let first = runs.first, runs.count > 1 else {
      throw StudyError(.run, "a choice needs two or more rivals with a run")
    }
    common = runs.reduce(Set(first.validation.examples.patients.keys)) {
      $0.intersection($1.validation.examples.patients.keys)
    }
    let classes = rivals.patients
    innerFolds = try rivals.folds.heldOut.enumerated().map { fold, heldOut throws(StudyError) in
      let others = classes.filter { !heldOut.contains($0.key) }
      let smallest = GradeClass.allCases.map { gradeClass in others.values.count { $0 == gradeClass } }.min() ?? 0
      let count = min(rivals.folds.heldOut.count, smallest)
      guard count >= 2 else {
        throw StudyError(
          .folds,
          "a nested choice splits the patients outside of each fold again, but only \(smallest) of one class are left there; lower "
            + "folds.count in the protocol, or add patients")
      }
      return try Folds(patients: others, count: count, seed: rivals.foldSeed &+ UInt64(fold) &+ 1)
    }
  }

  /// How many fold jobs there are.
  public var jobCount: Int { innerFolds.reduce(0) { $0 + $1.heldOut.count } * runs.count }

  /// Fits and judges; where that was interrupted, it continues.
  ///
  /// - Parameters:
  ///   - sideBySide: how many fold jobs are done at a time.
  ///   - progress: told how far it is, by one thread at a time.
  /// - Returns: the choices, and what they give.
  /// - Throws: `StudyError` where the study's folder cannot be written; what the criterion throws.
  public func run(
    sideBySide: Int = 1, progress: @escaping @Sendable (ExperimentProgress) -> Void
  ) throws -> Result {
    let sides = try rivals.sides(sideBySide)
    let inner = try plans(sides.threads, progress)
    let plans = inner.map(\.plan)
    // A rival that cannot be fitted to a part of the patients cannot be chosen there.
    try FoldJobExecutor(sides: sides).run(
      plans, meter: SharedMeter(total: plans.reduce(0) { $0 + $1.work }), progress: progress,
      completed: { place in
        try plans[place].merge()
        RunInProgress.letGo(of: plans[place].run)
      }, failed: { _, _ in })
    let outer = try runs.map { (name: $0.name, predictions: try predictions($0.run)) }
    var chosen: [Prediction] = []
    var folds: [Result.Fold] = []
    for fold in innerFolds.indices {
      let candidates = try runs.map { rival -> Result.Candidate in
        let plan = inner.first { $0.fold == fold && $0.name == rival.name }?.plan
        guard let plan, plan.run.isComplete else { return .init(name: rival.name, value: nil) }
        return .init(name: rival.name, value: try criterion.value(predictions(plan.run)))
      }
      let best = NestedValidation.best(candidates.map(\.value)) ?? 0
      chosen += outer[best].predictions.filter { $0.fold == fold }
      folds.append(.init(fold: fold, chosen: runs[best].name, inner: candidates))
    }
    let values = try outer.map { Result.Candidate(name: $0.name, value: try criterion.value($0.predictions)) }
    return Result(
      criterion: criterion.name, innerFolds: innerFolds.map(\.heldOut.count).min() ?? 0, folds: folds,
      value: try criterion.value(chosen), best: NestedValidation.best(values.map(\.value)).map { values[$0] })
  }

  /// The predictions of the patients on whom the rivals are judged.
  private func predictions(_ run: Run) throws -> [Prediction] {
    try PredictionTable.read(run.predictionsFile).filter { common.contains($0.patient) }
  }

  private func plans(_ threads: Int, _ progress: (ExperimentProgress) -> Void) throws -> [Inner] {
    let whole = Run(id: "rivals", url: rivals.folder)
    var prepared: [any PreparedLearner] = []
    var plans: [Inner] = []
    for fold in innerFolds.indices {
      for (name, validation, _) in runs {
        let heldOut = Set(rivals.folds.heldOut[fold])
        var inner = validation
        let others = validation.examples.patients.filter { !heldOut.contains($0.key) }
        guard let folds = try? innerFolds[fold].keeping(others) else { continue }
        inner.folds = folds
        inner.split = Split(inner.examples, by: folds)
        try inner.split.requireDisjoint(inner.examples)
        // The folder's name holds the key: what another protocol left is not taken for this one's.
        let key = try inner.key(threads)
        let part = try whole.part("inner/fold-\(fold + 1)-\(name)-\(key.prefix(16))")
        if !part.isComplete { _ = try RunInProgress(at: part, key: key) }
        try AtomicFile.write(inner.settings.yaml, to: part.protocolFile)
        let plan = try FoldPlan(
          inner, in: part, threads, title: "without fold \(fold + 1), \(name), ", keepsModels: false, sharing: prepared,
          progress: progress)
        prepared += plan.prepared
        plans.append(Inner(fold: fold, name: name, plan: plan))
      }
    }
    return plans
  }
}
