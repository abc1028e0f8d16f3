import Evaluation
import Foundation
import Study
import Support

/// Several learners, whose probabilities a ridge logistic regression combines (stacking; Wolpert 1992).
///
/// The combining model is fitted to inner out-of-fold predictions of the training examples alone; then each member is fitted to
/// all of them. Held-out examples are seen by neither.
struct StackedLearner: Learner {
  /// The learner's name in the registry.
  static let name = "stacked"

  let settings: StudyProtocol
  let own: StackedSettings
  let members: [StackMember]
  private let make: @Sendable (StackedSettings.Member) throws -> StackMember

  init(
    _ settings: StudyProtocol, make: @escaping @Sendable (StackedSettings.Member) throws -> StackMember
  ) throws {
    self.settings = settings
    self.make = make
    own = try StackedSettings(settings)
    members = try own.members.map(make)
  }

  var names: [String] { members.map(\.name) }

  var description: LearnerDescription {
    let combination = [
      "The probabilities of \(members.count) models (\(names.joined(separator: ", "))) were combined by a logistic regression on "
        + "their log odds, standardised, with a ridge penalty of \(own.ridge).",
      "In the training part of each fold alone, \(own.innerFolds) inner folds of its patients gave each model's out-of-fold "
        + "predictions, to which the combination was fitted; each model was then fitted to the whole training part. Of a model "
        + "that predicts slices, the mean counts. A prediction that a model lacks counts as its mean log odds.",
    ]
    let each = members.flatMap { member -> [String] in
      let methods = member.learner.description.methods
      return (methods.isEmpty ? ["\(member.learner.summary)."] : methods).map { "Model \(member.name): \($0)" }
    }
    return LearnerDescription(learner: Self.name, methods: combination + each)
  }

  private var learners: [any Learner] { members.map(\.learner) }

  var summary: String { "stack of \(members.map { "\($0.name): \($0.learner.summary)" }.joined(separator: "; "))" }
  var notes: [String] { learners.flatMap(\.notes) }
  /// That of the member whose bits depend on the most.
  var hardware: Hardware { (learners.first { $0.hardware.libtorch != nil } ?? learners[0]).hardware }
  /// With the weights and the ROIs of members that have their own.
  var conditions: [String] {
    members.flatMap { member in
      let network = member.learner.description.network
      return member.learner.conditions
        + [network?.weights.map { "weights \($0)" }, member.own?.rois.map { "ROIs \($0.fileName)" }].compactMap { $0 }
    }
  }
  var commandOptions: [String] {
    learners.flatMap(\.commandOptions).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }
  var mostSideBySide: Int? { learners.compactMap(\.mostSideBySide).min() }
  func setThreadCount(_ count: Int) { for learner in learners { learner.setThreadCount(count) } }

  func notes(on examples: ExampleSet) -> [String] {
    members.flatMap { member in
      let own = member.examples(of: examples).set
      return (member.learner.notes(on: own) + (member.own?.notes ?? [])).map { "Model \(member.name): \($0)" }
    }
  }

  func work(trainingCount: Int) -> Int {
    learners.reduce(0) { $0 + $1.work(trainingCount: trainingCount) } * (own.innerFolds + 1)
  }

  func with(_ settings: StudyProtocol) throws -> any Learner { try StackedLearner(settings, make: make) }

  func prepare(
    _ examples: ExampleSet, sharing others: [any PreparedLearner], progress: (Int, Int) -> Void
  ) throws -> any PreparedLearner {
    let inputs = members.map { $0.examples(of: examples) }
    return PreparedStack(
      learner: self, inputs: inputs,
      members: try zip(learners, inputs).map { learner, input in
        try learner.prepare(input.set, sharing: others, progress: progress)
      })
  }
}

extension LearnerKind {
  /// Several of these learners, stacked.
  public static func stacked(_ members: LearnerRegistry) -> LearnerKind {
    LearnerKind(
      StackedLearner.name, examples: [.lesionFeatures, .patientFeatures],
      open: { try StackModels($0, members) }
    ) { settings, study in
      try StackedLearner(settings) { try StackMember($0.name, $0.settings, members, in: study) }
    }
  }
}

/// The learner with its members made ready.
private struct PreparedStack: PreparedLearner {
  let learner: StackedLearner
  /// By member: what it learns from.
  let inputs: [StackExamples]
  let members: [any PreparedLearner]
  let workerKey = StackedLearner.name

  /// Each member has its own: a model may live in the worker that fitted it.
  func makeWorker() -> [Workers] { members.map { _ in Workers() } }

  func fit(_ task: LearningTask, with worker: inout [Workers]) throws -> any FittedModel {
    try task.onResume(0)
    let steps = members.count * (learner.own.innerFolds + 1)
    var done = 0
    func tell() throws {
      try task.onStep(
        LearningStep(epoch: 1, epochCount: 1, done: task.training.count * done / steps, loss: { nil }))
    }
    func part(_ place: Int, _ training: [Int], _ heldOut: [Int], fold: Int, _ name: String) throws -> LearningTask {
      let whole = LearningTask(
        examples: task.examples, training: training, heldOut: heldOut, fold: fold,
        checkpoint: task.checkpoint.appendingPathExtension("\(learner.names[place])\(name)"),
        onStep: { _ in try tell() })
      return try inputs[place].task(whole, training: training, heldOut: heldOut)
    }
    let split = try innerSplit(task)
    var outOfFold = members.map { _ in [Double](repeating: .nan, count: task.examples.examples.count) }
    var checkpoints: [URL] = []
    for inner in 0..<split.count {
      let heldOut = split.heldOut(inner)
      for (place, member) in members.enumerated() {
        // Seeds follow from the fold's number: those of inner folds lie beyond the outer ones.
        let fold = learner.settings.folds.count * (inner + 1) + task.fold
        let part = try part(place, split.training(inner), heldOut, fold: fold, "-\(inner + 1)")
        checkpoints.append(part.checkpoint)
        let model = try worker[place].fit(member, part)
        let found = try inputs[place].probabilities(model, of: heldOut)
        for (number, probability) in zip(heldOut, found) { outOfFold[place][number] = probability }
        done += 1
        try tell()
      }
    }
    let combination = try Self.combination(outOfFold, task, ridge: learner.own.ridge)
    var fitted: [any FittedModel] = []
    for (place, member) in members.enumerated() {
      let part = try part(place, task.training, task.heldOut, fold: task.fold, "")
      checkpoints.append(part.checkpoint)
      fitted.append(try worker[place].fit(member, part))
      done += 1
      try tell()
    }
    // They only serve to go on after an interruption.
    for checkpoint in checkpoints { try? FileManager.default.removeItem(at: checkpoint) }
    return FittedStack(
      inputs: inputs, members: fitted, combination: StackCombination(members: learner.names, fit: combination))
  }

  func load(from folder: URL, for task: LearningTask, with worker: inout [Workers]) throws -> any FittedModel {
    let combination = try StackCombination(in: folder, of: learner.names)
    var fitted: [any FittedModel] = []
    for (place, member) in members.enumerated() {
      let own = StackCombination.folder(of: learner.names[place], in: folder)
      let part = try inputs[place].task(task, training: task.training, heldOut: task.heldOut)
      fitted.append(try worker[place].load(member, from: own, for: part))
    }
    return FittedStack(inputs: inputs, members: fitted, combination: combination)
  }

  /// The training patients in inner folds.
  private func innerSplit(_ task: LearningTask) throws(StudyError) -> Split {
    let examples = task.examples
    var patients: [String: GradeClass] = [:]
    for number in task.training where patients[examples.examples[number].patient] != .high {
      patients[examples.examples[number].patient] = examples.classes[number]
    }
    let fewest = GradeClass.allCases.map { gradeClass in patients.values.count { $0 == gradeClass } }.min() ?? 0
    guard fewest >= 2 else {
      throw StudyError(
        .folds,
        "stacking needs at least 2 training patients of each class, found \(fewest) of one in fold \(task.fold + 1); lower "
          + "folds.count in the protocol, or add patients")
    }
    let folds = try Folds(
      patients: patients, count: min(learner.own.innerFolds, fewest),
      seed: learner.settings.folds.seed &+ UInt64(task.fold) &+ 1)
    // Patients that the fold holds out are in no inner fold.
    let split = Split(examples, by: folds)
    try split.requireDisjoint(examples)
    return split
  }

  /// Fits the combination to the training examples' out-of-fold predictions.
  private static func combination(
    _ outOfFold: [[Double]], _ task: LearningTask, ridge: Double
  ) throws(StudyError) -> StackCombination.Fit {
    let odds = outOfFold.map { values in task.training.map { StackCombination.logOdds(values[$0]) } }
    let centres = odds.map { values in
      let known = values.filter(\.isFinite)
      return known.isEmpty ? 0 : known.reduce(0, +) / Double(known.count)
    }
    let rows = task.training.indices.map { row in
      odds.indices.map { odds[$0][row].isFinite ? odds[$0][row] : centres[$0] }
    }
    do throws(NotEstimable) {
      let fit = try LogisticBaseline.Model(
        rows: rows, labels: task.training.map { task.examples.classes[$0] == .high }, ridge: ridge)
      return StackCombination.Fit(centres: centres, model: fit)
    } catch {
      throw StudyError(.folds, "the combination of fold \(task.fold + 1) cannot be fitted. \(error)")
    }
  }
}

private struct FittedStack: FittedModel {
  let inputs: [StackExamples]
  let members: [any FittedModel]
  let combination: StackCombination

  func probabilities(of examples: [Int]) throws -> [Double] {
    let found = try zip(inputs, members).map { try $0.probabilities($1, of: examples) }
    return examples.indices.map { place in combination.probability(found.map { $0[place] }) }
  }

  func write(to folder: URL) throws {
    try ModelFile.write(combination, to: folder)
    for (name, member) in zip(combination.members, members) {
      let own = StackCombination.folder(of: name, in: folder)
      do {
        try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
      } catch {
        throw StudyError(.file, "cannot make the folder \(own.lastPathComponent): \(error.localizedDescription)")
      }
      try member.write(to: own)
    }
    try Run.FoldFeatures(
      candidates: combination.members.count, weights: .coefficients,
      features: zip(combination.members, combination.fit.model.coefficients.dropFirst()).map {
        .init(name: "model \($0)", weight: $1, importance: nil)
      }
    ).write(to: folder)
  }
}

extension Workers {
  fileprivate mutating func fit(_ learner: some PreparedLearner, _ task: LearningTask) throws -> any FittedModel {
    try use(for: learner) { try learner.fit(task, with: &$0) }
  }

  fileprivate mutating func load(
    _ learner: some PreparedLearner, from folder: URL, for task: LearningTask
  ) throws -> any FittedModel {
    try use(for: learner) { try learner.load(from: folder, for: task, with: &$0) }
  }
}
